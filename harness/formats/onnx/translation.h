// A checked graph → layers. The operators themselves are in operators.cpp and the files named after what they
// do; each gets a Step.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "harness/formats/onnx/graph.h"
#include "harness/network.h"

namespace bitsweep::onnx {

/// The scale and zero point between a QuantizeLinear and its DequantizeLinear.
struct Quantization {
  float scale = 1;
  float zero_point = 0;
  NumberType type = NumberType::uint8;

  bool operator==(const Quantization&) const = default;
};

/// What a layer gives, as the ONNX file sees it. Reshaping changes the view, not the layer.
struct Feature {
  size_t layer = 0;
  Shape shape;  ///< without the batch, as in the file
  /// The file's elements are in [height, width, channels] order, those of the layer in [channels, height,
  /// width] order. Never set where the two are the same.
  bool channels_last = false;
  std::optional<Quantization> quantization;  ///< these are the integers, not yet the numbers
};

/// Shared, because Identity and the like hand constants on.
using SharedConstant = std::shared_ptr<const Constant>;
using Value = std::variant<std::monostate, SharedConstant, Feature>;

/// What becomes of the nodes.
struct Translation {
  /// Takes the initialisers out of the graph.
  Translation(Graph& graph, const std::string& file);

  /// Counts numbers that are made; throws Error where they are too many for the file to need them.
  void spend(int64_t numbers);
  /// Counts the numbers that layers give for one image; throws Error, naming the layer, where they are too
  /// many.
  void spend_output(int64_t numbers, const std::string& layer);

  std::string path;
  int64_t opset;
  int64_t batch = 1;  ///< what the file calls the batch, 1 where it leaves it open
  Network network;
  std::map<std::string, Value> values;
  std::map<size_t, size_t> flattened;  ///< layer → the Flatten that was made of it

 private:
  int64_t numbers_left_;
  int64_t outputs_left_;
};

/// The view of an operator on its node: inputs and attributes checked, outputs given. All throw Error without
/// place; the caller adds the node.
class Step {
 public:
  Step(Translation& translation, const Node& node) : translation_(translation), node_(node) {}

  int64_t opset() const { return translation_.opset; }
  int64_t batch() const { return translation_.batch; }
  const Node& node() const { return node_; }

  bool has(size_t input) const;
  bool is_constant(size_t input) const;
  size_t input_count() const { return node_.inputs.size(); }
  bool all_constant() const;
  const Constant& constant(size_t input) const;
  SharedConstant shared(size_t input) const;
  const Feature& feature(size_t input) const;      ///< real numbers
  const Feature& any_feature(size_t input) const;  ///< also one that is quantised
  /// A feature whose view is that of its layer, [channels, height, width]. The network's own input, as long
  /// as no layer reads it, takes the shape in which it is seen.
  const Feature& image(size_t input);
  const Feature& any_image(size_t input);  ///< also one that is quantised
  /// The integers of a constant, such as axes; from attribute `name` or, where it is none, from the input.
  std::optional<std::vector<int64_t>> integers_from(const char* name, size_t input) const;

  bool has(const char* attribute) const { return node_.attributes.contains(attribute); }
  int64_t integer(const char* attribute, int64_t otherwise) const;
  float real(const char* attribute, float otherwise) const;
  std::string text(const char* attribute, const std::string& otherwise) const;
  std::optional<std::vector<int64_t>> integers(const char* attribute) const;
  const Constant& tensor(const char* attribute) const;

  /// Adds a layer under a free name near that of the node.
  size_t add(Operation operation, std::vector<size_t> inputs);
  const std::vector<Layer>& layers() const { return translation_.network.layers(); }
  const Layer& layer(const Feature& feature) const { return layer(feature.layer); }
  const Layer& layer(size_t index) const { return layers()[index]; }
  /// Notes a range that int8 has to take for a layer; where the file gives several, one that holds them all.
  void widen_range(size_t layer, Range range);

  /// Room for a constant or for the tensors of a layer, `count` numbers; see Translation::spend.
  void spend(int64_t count) { translation_.spend(count); }

  /// The layer as a vector.
  size_t flatten(size_t layer);
  /// The axis of a feature's view along which its layer's channels lie; nothing if there is no such axis.
  std::optional<size_t> channel_axis(const Feature& feature) const;
  /// The same values; if the view is a vector and the layer is not, then of a layer that is.
  Feature with_channels(const Feature& feature);

  void give(Feature feature);
  void give(Constant constant);
  void give(SharedConstant constant);
  /// A new layer over what `like` shows, elementwise: the view stays.
  void give_elementwise(Operation operation, const Feature& like);

 private:
  size_t add(std::string name, Operation operation, std::vector<size_t> inputs);
  const Value& value(size_t input) const;
  const Feature& checked_image(const Feature& seen);
  Value& output();

  Translation& translation_;
  const Node& node_;
};

/// `axis` counted from the front, whether it is counted from the front or the end of `rank`; throws Error if
/// there is no such axis.
size_t checked_axis(int64_t axis, size_t rank);

/// Layers in the order of the file, also those that nothing reads; see tidy.h.
struct Translated {
  Network network;
  size_t output;  ///< index of the layer that is the output
};
Translated translate(Graph graph, const std::string& path);

}  // namespace bitsweep::onnx
