// How operators see their node.
#include <algorithm>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/translation.h"

namespace bitsweep::onnx {
namespace {

constexpr size_t most_layers = 10'000;             ///< a node may make several, such as Sum
constexpr int64_t most_output = int64_t{1} << 28;  ///< numbers of one layer's output for one image: 1 GiB

const char* kind_of(const Attribute& attribute) {
  static const char* const kinds[] = {"an integer",        "a number", "a text",         "a list of integers",
                                      "a list of numbers", "a tensor", "of another kind"};
  return kinds[attribute.index()];
}

/// The attribute as a T; null if it is not there.
template <class T>
const T* attribute_as(const Node& node, const char* name, const char* right) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end()) return nullptr;
  if (const T* value = std::get_if<T>(&found->second)) return value;
  throw Error(fmt::format("attribute '{}' is {}; right is {}", name, kind_of(found->second), right));
}

}  // namespace

const Value& Step::value(size_t input) const {
  if (!has(input))
    throw Error(
        fmt::format("it has {} inputs and lacks number {}; right is to give it", input_count(), input + 1));
  const Value& value = translation_.values.at(node_.inputs[input]);
  if (std::holds_alternative<std::monostate>(value))
    throw Error(
        fmt::format("it reads '{}', an output that bitsweep does not compute; right is the first output",
                    printable(node_.inputs[input])));
  return value;
}

bool Step::has(size_t input) const {
  return input < node_.inputs.size() && !node_.inputs[input].empty();
}

bool Step::is_constant(size_t input) const {
  return has(input) && std::holds_alternative<SharedConstant>(value(input));
}

bool Step::all_constant() const {
  for (size_t input = 0; input < input_count(); ++input)
    if (has(input) && !is_constant(input)) return false;
  return true;
}

SharedConstant Step::shared(size_t input) const {
  if (const auto* constant = std::get_if<SharedConstant>(&value(input))) return *constant;
  throw Error(fmt::format("its input {} ('{}') is computed from the image; right is a constant", input + 1,
                          printable(node_.inputs[input])));
}

const Constant& Step::constant(size_t input) const {
  return *shared(input);
}

const Feature& Step::any_feature(size_t input) const {
  if (const auto* feature = std::get_if<Feature>(&value(input))) return *feature;
  throw Error(fmt::format("its input {} ('{}') is constant; right is one that is computed from the image",
                          input + 1, printable(node_.inputs[input])));
}

const Feature& Step::feature(size_t input) const {
  const Feature& feature = any_feature(input);
  if (feature.quantization)
    throw Error(fmt::format("its input {} ('{}') is quantised; right is a DequantizeLinear before it",
                            input + 1, printable(node_.inputs[input])));
  return feature;
}

const Feature& Step::image(size_t input) {
  return checked_image(feature(input));
}

const Feature& Step::any_image(size_t input) {
  return checked_image(any_feature(input));
}

const Feature& Step::checked_image(const Feature& seen) {
  if (seen.channels_last)
    throw Error(
        "its input is in [height, width, channels] order; right is a Transpose to [channels, height, "
        "width] before it");
  if (seen.shape.size() == 3 && seen.layer == 0 && layers().size() == 1 && seen.shape != layer(seen).shape)
    translation_.network = Network(translation_.network.name(), seen.shape);  // nothing has read it otherwise
  if (seen.shape.size() == 3 && layer(seen).shape.size() == 1)
    throw Error(fmt::format(
        "its input is a vector that was reshaped to {}, in the middle of a network; right is an image "
        "[channels, height, width] from the start",
        to_text(seen.shape)));
  if (seen.shape.size() != 3 || seen.shape != layer(seen).shape)
    throw Error(
        fmt::format("its input has shape {} without the batch, of a layer of shape {}; right is an image, "
                    "[channels, height, width]",
                    to_text(seen.shape), to_text(layer(seen).shape)));
  return seen;
}

std::optional<std::vector<int64_t>> Step::integers_from(const char* name, size_t input) const {
  if (has(name)) return integers(name);
  if (!has(input)) return std::nullopt;
  const Constant& list = constant(input);
  if (!list.is_integer() || list.shape.size() > 1)
    throw Error(fmt::format("its input {} has shape {}; right is a list of integers", input + 1,
                            to_text(list.shape)));
  return list.integers;
}

int64_t Step::integer(const char* attribute, int64_t otherwise) const {
  const auto* value = attribute_as<int64_t>(node_, attribute, "an integer");
  return value ? *value : otherwise;
}

float Step::real(const char* attribute, float otherwise) const {
  const auto* value = attribute_as<float>(node_, attribute, "a number");
  return value ? *value : otherwise;
}

std::string Step::text(const char* attribute, const std::string& otherwise) const {
  const auto* value = attribute_as<std::string>(node_, attribute, "a text");
  return value ? *value : otherwise;
}

std::optional<std::vector<int64_t>> Step::integers(const char* attribute) const {
  const auto* value = attribute_as<std::vector<int64_t>>(node_, attribute, "a list of integers");
  return value ? std::optional(*value) : std::nullopt;
}

const Constant& Step::tensor(const char* attribute) const {
  const auto* value = attribute_as<Constant>(node_, attribute, "a tensor");
  if (!value) throw Error(fmt::format("attribute '{}' is missing; right is to give it", attribute));
  return *value;
}

size_t Step::add(Operation operation, std::vector<size_t> inputs) {
  return add(node_.name, std::move(operation), std::move(inputs));
}

size_t Step::add(std::string name, Operation operation, std::vector<size_t> inputs) {
  for_each_tensor(operation, [&](const char*, const Tensor& tensor, bool) {
    spend(static_cast<int64_t>(tensor.values.size()));
  });
  if (layers().size() >= most_layers)
    throw Error(fmt::format("the network has more than {} layers; right is fewer", most_layers));
  const auto taken = [&](const std::string& wanted) {
    return std::any_of(layers().begin(), layers().end(), [&](const Layer& l) { return l.name == wanted; });
  };
  if (name.empty() || taken(name)) name += fmt::format("#{}", layers().size());
  while (taken(name)) name += '\'';
  const size_t index = translation_.network.add(std::move(name), std::move(operation), std::move(inputs));
  int64_t elements = 1;
  for (int64_t size : layer(index).shape)
    if (__builtin_mul_overflow(elements, size, &elements) || elements > most_output)
      throw Error(fmt::format("its output has shape {}; right is at most {} numbers",
                              to_text(layer(index).shape), most_output));
  translation_.spend_output(elements, layer(index).name);
  return index;
}

void Step::widen_range(size_t layer, Range range) {
  if (const std::optional<Range>& before = this->layer(layer).range)
    range = {std::min(range.low, before->low), std::max(range.high, before->high)};
  translation_.network.set_range(layer, range);
}

size_t Step::flatten(size_t layer) {
  if (this->layer(layer).shape.size() == 1) return layer;
  const auto found = translation_.flattened.find(layer);
  if (found != translation_.flattened.end()) return found->second;
  const size_t flat = add(this->layer(layer).name + ".flat", Flatten{}, {layer});
  translation_.flattened.emplace(layer, flat);
  return flat;
}

std::optional<size_t> Step::channel_axis(const Feature& feature) const {
  const int64_t channels = layer(feature).shape[0];
  const Shape& view = feature.shape;
  const Shape& own = layer(feature).shape;
  if (feature.channels_last)
    return view == Shape{own[1], own[2], own[0]} ? std::optional<size_t>(2) : std::nullopt;
  if (view == own) return 0;
  // Channels alone, between sizes of 1: [channels, 1, 1], [1, channels], ...
  if (element_count(view) != channels) return std::nullopt;
  const auto axis = std::find(view.begin(), view.end(), channels);
  return axis == view.end() ? std::nullopt : std::optional<size_t>(axis - view.begin());
}

Feature Step::with_channels(const Feature& feature) {
  Feature seen = feature;
  if (seen.shape.size() == 1 && !seen.channels_last) seen.layer = flatten(seen.layer);
  return seen;
}

Value& Step::output() {
  return translation_.values[node_.outputs[0]];
}

void Step::give(Feature feature) {
  const Shape& shape = layer(feature).shape;
  // With one channel, or one pixel, both orders are one.
  if (shape.size() == 1 || shape[0] == 1 || shape[1] * shape[2] == 1) feature.channels_last = false;
  output() = std::move(feature);
}

void Step::give(SharedConstant constant) {
  output() = std::move(constant);
}

void Step::give(Constant constant) {
  give(std::make_shared<const Constant>(std::move(constant)));
}

void Step::give_elementwise(Operation operation, const Feature& like) {
  Feature given = like;
  given.layer = add(std::move(operation), {like.layer});
  give(std::move(given));
}

size_t checked_axis(int64_t axis, size_t rank) {
  const auto signed_rank = static_cast<int64_t>(rank);
  if (axis < -signed_rank || axis >= signed_rank)
    throw Error(fmt::format("axis {} is beyond {} dimensions; right is {} to {}", axis, rank, -signed_rank,
                            signed_rank - 1));
  return static_cast<size_t>(axis < 0 ? axis + signed_rank : axis);
}

}  // namespace bitsweep::onnx
