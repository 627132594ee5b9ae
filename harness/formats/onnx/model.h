// An ONNX file while it is written. [protobuf]
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "harness/network.h"

namespace bitsweep::onnx {

/// Values are named; each name is made once.
class Model {
 public:
  /// `batch` 0 leaves it open.
  Model(const Network& network, int64_t batch);

  /// A node with one output; returns the output's name, near `name`.
  std::string add(const std::string& type, const std::string& name, const std::vector<std::string>& inputs);
  /// Attributes of the node that was added last.
  void set(const char* attribute, int64_t value);
  void set(const char* attribute, float value);
  void set(const char* attribute, const std::vector<int64_t>& values);

  /// Initialisers; return their name, near `name`.
  std::string keep(const std::string& name, const Shape& shape, const std::vector<float>& values);
  std::string keep(const std::string& name, const Shape& shape, const std::vector<int8_t>& values);
  std::string keep(const std::string& name, const Shape& shape, const std::vector<uint8_t>& values);
  std::string keep(const std::string& name, const Shape& shape, const std::vector<int32_t>& values);
  std::string keep(const std::string& name, const Shape& shape, const std::vector<int64_t>& values);

  const std::string& input() const { return input_; }
  /// The output, once it is made, and what is told about the file.
  void finish(const std::string& output, const Shape& shape,
              const std::map<std::string, std::string>& metadata);
  void write(const std::string& path) const;

 private:
  std::string free_name(const std::string& name);
  std::string keep_raw(const std::string& name, const Shape& shape, int32_t type, const void* data,
                       size_t bytes);
  void describe(::onnx::ValueInfoProto& value, const std::string& name, const Shape& shape) const;
  ::onnx::AttributeProto& attribute(const char* name);

  ::onnx::ModelProto proto_;
  int64_t batch_;
  std::set<std::string> taken_;
  std::string input_;
};

}  // namespace bitsweep::onnx
