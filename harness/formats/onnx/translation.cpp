#include "harness/formats/onnx/translation.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"
#include "harness/table.h"

namespace bitsweep::onnx {
namespace {

/// A small file may ask for this many numbers beyond twice those it holds: models without weights make them
/// with ConstantOfShape, and VGG-19 has 144 million, made once and put into layers once.
constexpr int64_t made_numbers = 300'000'000;
constexpr int64_t most_input = int64_t{1} << 28;  ///< numbers of one image
/// What all layers give for one image, 8 GiB. ResNet-152 has 82 million numbers at 224 × 224 pixels, and
/// EfficientNet-B7 about a billion at its 600 × 600.
constexpr int64_t most_outputs = int64_t{1} << 31;

/// Operators that leave positions as they are.
bool is_elementwise(const std::string& type) {
  static const std::vector<std::string> types = {
      "Add", "Cast", "Clip", "DequantizeLinear", "Div", "Identity", "Mul", "QuantizeLinear", "Sub"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// Does the file have its image as [height, width, channels]? So it is where a Transpose brings it into the
/// order of convolutions, or where a grey image is reshaped to that order.
bool input_has_channels_last(const Graph& graph, const Shape& shape) {
  if (shape.size() != 3) return false;
  std::string value = graph.input.name;
  for (const Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) == node.inputs.end()) continue;
    if (node.type == "Shape") continue;
    if (node.type == "Reshape" || node.type == "Flatten") return shape[2] == 1 && shape[0] > 1;
    if (node.type == "Transpose") {
      const auto found = node.attributes.find("perm");
      const auto* permutation =
          found == node.attributes.end() ? nullptr : std::get_if<std::vector<int64_t>>(&found->second);
      return permutation && *permutation == std::vector<int64_t>{0, 3, 1, 2};
    }
    if (!is_elementwise(node.type)) return false;
    value = node.outputs[0];
  }
  return false;
}

/// The shape of one image as the file has it. The batch is the first size.
Shape image_shape(const GraphInput& input) {
  const auto wrong = [&](const std::string& what) {
    return Error(
        fmt::format("input '{}' {}; right is [batch, channels, height, width], [batch, height, width] or "
                    "[batch, elements]",
                    printable(input.name), what));
  };
  if (input.shape.size() < 2 || input.shape.size() > 4)
    throw wrong(fmt::format("has {} dimensions", input.shape.size()));
  Shape shape;
  int64_t elements = 1;
  for (size_t i = 1; i < input.shape.size(); ++i) {
    if (!input.shape[i] || *input.shape[i] < 1)
      throw wrong(fmt::format("has no fixed size in dimension {}", i));
    shape.push_back(*input.shape[i]);
    if (__builtin_mul_overflow(elements, shape.back(), &elements) || elements > most_input)
      throw Error(fmt::format("input '{}' has shape {}; right is at most {} numbers", printable(input.name),
                              to_text(shape), most_input));
  }
  if (input.shape[0] && (*input.shape[0] < 1 || *input.shape[0] > most_input))
    throw wrong(fmt::format("has a batch of {}", *input.shape[0]));
  return shape;
}

/// The shape of the network's input for a view of it.
Shape network_shape(const Shape& view, bool channels_last) {
  if (view.size() == 2) return {1, view[0], view[1]};
  return channels_last ? Shape{view[2], view[0], view[1]} : view;
}

Error at_place(const std::string& place, const std::exception& error) {
  return Error(fmt::format("{}: {}", place, error.what()));
}

const Operator& operator_of(const Node& node) {
  const auto found = std::find_if(operators().begin(), operators().end(),
                                  [&](const Operator& entry) { return entry.name == node.type; });
  if (found == operators().end())
    throw Error(
        fmt::format("the operator is not supported; known: {}", fmt::join(names_of(operators()), ", ")));
  return *found;
}

/// "2", "1 to 3", "1 or more"
std::string right_count(const Operator& known) {
  if (known.most_inputs == known.least_inputs) return std::to_string(known.least_inputs);
  if (known.most_inputs == SIZE_MAX) return fmt::format("{} or more", known.least_inputs);
  return fmt::format("{} to {}", known.least_inputs, known.most_inputs);
}

void translate_node(Translation& translation, const Node& node) {
  const Operator& known = operator_of(node);
  for (const auto& [name, value] : node.attributes)
    if (!known.attributes.contains(name))
      throw Error(fmt::format("attribute '{}' is not known; known: {}", printable(name),
                              fmt::join(known.attributes, ", ")));
  if (node.inputs.size() < known.least_inputs || node.inputs.size() > known.most_inputs)
    throw Error(fmt::format("it has {} input{}; right is {}", node.inputs.size(),
                            node.inputs.size() == 1 ? "" : "s", right_count(known)));
  for (const std::string& output : node.outputs) translation.values[output] = std::monostate{};
  Step step(translation, node);
  known.translate(step);
}

/// How often each value is read, so that weights go once they are in their layer.
std::map<std::string, int> count_reads(const Graph& graph) {
  std::map<std::string, int> reads;
  for (const Node& node : graph.nodes)
    for (const std::string& input : node.inputs) ++reads[input];
  ++reads[graph.output];
  return reads;
}

/// The layer that gives the output as the file has it.
size_t output_layer(Translation& translation, const Graph& graph) {
  const auto wrong = [&](const std::string& what) {
    return Error(fmt::format("output '{}': {}", printable(graph.output), what));
  };
  const auto* feature = std::get_if<Feature>(&translation.values.at(graph.output));
  if (!feature) throw wrong("it does not depend on the image; right is a network");
  if (feature->quantization) throw wrong("it is quantised; right is a DequantizeLinear before it");
  if (feature->channels_last)
    throw wrong(
        "it is in [height, width, channels] order; right is a Transpose to [channels, height, width]");
  size_t layer = feature->layer;
  if (feature->shape.size() == 1) layer = Step(translation, graph.nodes.back()).flatten(layer);
  if (layer == 0) throw wrong("nothing is computed; right is a network");
  return layer;
}

Translation begin(Graph& graph, const std::string& path) {
  try {
    return {graph, path};
  } catch (const Error& error) {
    throw at_place(path, error);
  }
}

}  // namespace

Translation::Translation(Graph& graph, const std::string& file)
    : path(file),
      opset(graph.opset),
      network(graph.name, network_shape(image_shape(graph.input),
                                        input_has_channels_last(graph, image_shape(graph.input)))),
      numbers_left_(2 * graph.stored_numbers + made_numbers),
      outputs_left_(most_outputs) {
  batch = graph.input.shape[0].value_or(1);
  for (auto& [name, constant] : graph.initialisers)
    values[name] = std::make_shared<const Constant>(std::move(constant));
  graph.initialisers.clear();
  Feature input{0, image_shape(graph.input), false, {}};
  input.channels_last =
      input.shape.size() == 3 && input.shape != network.input_shape() && input.shape[2] != 1;
  values[graph.input.name] = input;
}

void Translation::spend(int64_t numbers) {
  if (numbers > numbers_left_)
    throw Error(
        "the file asks for more numbers than a network of its size has; right is weights that it holds");
  numbers_left_ -= numbers;
}

void Translation::spend_output(int64_t numbers, const std::string& layer) {
  if (numbers > outputs_left_)
    throw Error(fmt::format(
        "with layer '{}' all layers together give more than {} numbers for one image; right is fewer, as of "
        "a smaller image",
        layer, most_outputs));
  outputs_left_ -= numbers;
}

Translated translate(Graph graph, const std::string& path) {
  Translation translation = begin(graph, path);
  std::map<std::string, int> reads = count_reads(graph);
  for (Node& node : graph.nodes) {
    try {
      translate_node(translation, node);
    } catch (const Error& error) {
      throw at_place(place_of(path, node, graph.opset), error);
    }
    for (const std::string& input : node.inputs)
      if (--reads[input] == 0) translation.values.erase(input);
    node.attributes.clear();
  }
  try {
    const size_t output = output_layer(translation, graph);
    return {std::move(translation.network), output};
  } catch (const Error& error) {
    throw at_place(path, error);
  }
}

}  // namespace bitsweep::onnx
