// An ONNX file as plain values, checked in itself: every name is made once, before it is read; every tensor
// has the data that its shape asks for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/formats/printable.h"
#include "harness/network.h"

namespace bitsweep::onnx {

/// The data types of ONNX that can be read.
enum class NumberType { float32, float16, bfloat16, float64, int8, uint8, int32, int64, boolean };

/// A tensor that the file holds, or that follows from such.
struct Constant {
  NumberType type = NumberType::float32;
  Shape shape;
  std::vector<float> reals;       ///< of the types up to uint8, widened exactly but for float64
  std::vector<int64_t> integers;  ///< of the types from int32

  bool is_integer() const { return type >= NumberType::int32; }
  double at(size_t index) const {
    return is_integer() ? static_cast<double>(integers.at(index)) : reals.at(index);
  }
};

/// An attribute whose kind no operator takes, such as a graph; the kind in words.
struct ForeignAttribute {
  std::string kind;
};

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                               Constant, ForeignAttribute>;

struct Node {
  std::string name;                 ///< its own, or that of its first output; fit for messages
  std::string type;                 ///< "Conv"; fit for messages
  std::vector<std::string> inputs;  ///< an empty one is left out
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;
};

/// So many numbers a file may hold, external data among them: 8 GiB of fp32. The same few bytes could be
/// named again and again, and a file may claim a size that the disk does not hold.
inline constexpr int64_t most_stored_numbers = int64_t{1} << 31;

struct GraphInput {
  std::string name;
  std::vector<std::optional<int64_t>> shape;  ///< the batch among it; nothing for a size that has only a name
};

struct Graph {
  std::string name;
  int64_t opset = 0;  ///< of the domain ai.onnx
  GraphInput input;
  std::string output;
  std::map<std::string, Constant> initialisers;
  std::vector<Node> nodes;
  int64_t stored_numbers = 0;  ///< elements of all tensors in the file
};

/// "PATH: node 'conv1' (Conv, domain ai.onnx, opset 17)"
std::string place_of(const std::string& path, const Node& node, int64_t opset,
                     const std::string& domain = "ai.onnx");

}  // namespace bitsweep::onnx
