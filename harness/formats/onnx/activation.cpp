// Functions of each element, and those over channels that have no window.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

void activate(Step& step, Activation activation) {
  step.give_elementwise(activation, step.feature(0));
}

/// A bound of Clip: an input since opset 11, before that an attribute.
float bound(Step& step, const char* attribute, size_t input, float otherwise) {
  if (step.opset() < 11) return step.real(attribute, otherwise);
  if (step.has(attribute))
    throw Error(fmt::format("attribute '{}' is of opsets before 11; right is an input", attribute));
  if (!step.has(input)) return otherwise;
  const Constant& value = step.constant(input);
  if (element_count(value.shape) != 1)
    throw Error(
        fmt::format("its input {} has shape {}; right is one number", input + 1, to_text(value.shape)));
  const auto bound = static_cast<float>(value.at(0));
  if (std::isnan(bound))
    throw Error(fmt::format("its input {} is not a number; right is a number", input + 1));
  return std::clamp(bound, std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max());
}

Tensor per_channel(Step& step, size_t input, int64_t channels, const char* what) {
  const Constant& constant = step.constant(input);
  if (constant.shape != Shape{channels} || constant.is_integer())
    throw Error(fmt::format("its {} have shape {}; right is [{}], of real numbers", what,
                            to_text(constant.shape), channels));
  return {constant.shape, constant.reals};
}

}  // namespace

void relu_of(Step& step) {
  activate(step, relu);
}

void leaky_relu(Step& step) {
  activate(step, {Function::leaky_relu, step.real("alpha", 0.01F)});
}

void clip(Step& step) {
  constexpr float lowest = std::numeric_limits<float>::lowest(), highest = std::numeric_limits<float>::max();
  const float low = bound(step, "min", 1, lowest), high = bound(step, "max", 2, highest);
  if (low == lowest && high == highest) return step.give(step.feature(0));
  activate(step, low == 0 && high == highest ? relu : Activation{Function::clip, low, high});
}

void sigmoid(Step& step) {
  activate(step, {Function::sigmoid});
}

void hard_sigmoid(Step& step) {
  activate(step, {Function::hard_sigmoid, step.real("alpha", 0.2F), step.real("beta", 0.5F)});
}

void hard_swish(Step& step) {
  activate(step, {Function::hard_swish});
}

/// Before opset 13 over all axes from `axis` on together.
void softmax(Step& step) {
  const Feature input = step.with_channels(step.feature(0));
  const size_t rank = input.shape.size() + 1;
  const bool joint = step.opset() < 13;
  const size_t axis = checked_axis(step.integer("axis", joint ? 1 : -1), rank);
  const std::optional<size_t> channels = step.channel_axis(input);
  const bool alone = channels && element_count(input.shape) == input.shape[*channels];
  const bool right = channels && (joint && alone ? axis >= 1 && axis <= *channels + 1
                                                 : axis == *channels + 1 && (!joint || axis == rank - 1));
  if (!right)
    throw Error(
        fmt::format("axis {} of shape {} (without the batch) is not that of the channels alone; right is "
                    "a softmax over a vector or over the channels of each pixel",
                    axis, to_text(input.shape)));
  step.give_elementwise(Softmax{}, input);
}

void batch_normalization(Step& step) {
  const Feature input = step.with_channels(step.feature(0));
  if (step.integer("training_mode", 0) != 0 || step.integer("spatial", 1) != 1)
    throw Error(
        "it is in training mode, or not spatial; right is the form for inference, a channel at a time");
  if (step.channel_axis(input) != std::optional<size_t>(0))
    throw Error(fmt::format("its input has shape {} without the batch; right is channels first",
                            to_text(input.shape)));
  const int64_t channels = input.shape[0];
  BatchNormalization layer{per_channel(step, 1, channels, "scales"), per_channel(step, 2, channels, "shifts"),
                           per_channel(step, 3, channels, "means"),
                           per_channel(step, 4, channels, "variances"), step.real("epsilon", 1e-5F)};
  for (float variance : layer.variance.values)
    if (!(variance + layer.epsilon > 0))
      throw Error(
          fmt::format("variance {} with epsilon {} has no root; right is above 0", variance, layer.epsilon));
  step.give_elementwise(std::move(layer), input);
}

}  // namespace bitsweep::onnx
