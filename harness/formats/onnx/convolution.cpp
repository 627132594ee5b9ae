// Conv and Pad.
#include <algorithm>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"
#include "harness/formats/onnx/windows.h"

namespace bitsweep::onnx {
namespace {

Tensor reals_of(const Constant& constant, const char* what) {
  if (constant.is_integer()) throw Error(fmt::format("its {} are integers; right is real numbers", what));
  return {constant.shape, constant.reals};
}

/// A 1 × 1 convolution of [channels, 1, 1], of a layer that has it as [channels].
bool is_linear(const Convolution& layer) {
  const Window& window = layer.window;
  const std::array<int64_t, 2> none{0, 0}, one{1, 1};
  return window.kernel == one && window.padding_begin == none && window.padding_end == none &&
         layer.groups == 1;
}

void give_linear(Step& step, const Feature& input, Convolution layer) {
  if (!is_linear(layer) || input.channels_last)
    throw Error(fmt::format("its input is a vector of shape {}; right is an image", to_text(input.shape)));
  layer.weights.shape.resize(2);
  const int64_t out = layer.weights.shape[0];
  step.give({step.add(Linear{std::move(layer.weights), std::move(layer.bias)}, {input.layer}),
             {out, 1, 1},
             {},
             {}});
}

/// The padding of the two spatial axes, [begin, end] each; zero for the batch and the channels.
Window padding_of(const Feature& input, const std::vector<int64_t>& pads,
                  const std::optional<std::vector<int64_t>>& axes) {
  const size_t rank = input.shape.size() + 1;
  const size_t padded = axes ? axes->size() : rank;
  if (pads.size() != 2 * padded)
    throw Error(fmt::format("it has {} pads; right is {}, two for each axis", pads.size(), 2 * padded));
  Window window;
  for (size_t i = 0; i < padded; ++i) {
    const size_t axis = axes ? checked_axis((*axes)[i], rank) : i;
    const int64_t begin = pads[i], end = pads[padded + i];
    if (begin == 0 && end == 0) continue;
    if (axis < 2 || begin < 0 || end < 0 || begin > 65'536 || end > 65'536)
      throw Error(fmt::format("it pads axis {} by {} and {}; right is height and width by 0 to 65536", axis,
                              begin, end));
    window.padding_begin[axis - 2] = begin;
    window.padding_end[axis - 2] = end;
  }
  return window;
}

void check_padding_value(const Step& step) {
  const std::string mode = step.text("mode", "constant");
  if (mode != "constant")
    throw Error(fmt::format("attribute 'mode' is '{}'; right is constant", printable(mode)));
  double value = step.real("value", 0);
  if (step.opset() >= 11 && step.has(2)) {
    const Constant& given = step.constant(2);
    if (element_count(given.shape) != 1)
      throw Error(fmt::format("its value has shape {}; right is one number", to_text(given.shape)));
    value = given.at(0);
  }
  if (value != 0) throw Error(fmt::format("it pads with {}; right is 0", value));
}

}  // namespace

void convolve(Step& step) {
  const Feature& input = step.feature(0);
  Convolution layer;
  layer.weights = reals_of(step.constant(1), "weights");
  const Shape& weights = layer.weights.shape;
  if (weights.size() != 4)
    throw Error(fmt::format("its weights have shape {}; right is [out, in / groups, height, width]",
                            to_text(weights)));
  if (step.has(2)) layer.bias = reals_of(step.constant(2), "biases");
  if (step.has(2) && layer.bias.shape != Shape{weights[0]})
    throw Error(
        fmt::format("its biases have shape {}; right is [{}]", to_text(layer.bias.shape), weights[0]));
  layer.groups = step.integer("group", 1);
  // A vector [channels] that is seen as [channels, 1, 1] is computed with as it is; it may have been
  // squeezed.
  const bool vector =
      step.layer(input).shape.size() == 1 && input.shape == Shape{step.layer(input).shape[0], 1, 1};
  if (!vector) step.image(0);
  layer.window = window_of(step, input.shape, std::array{weights[2], weights[3]});
  if (vector) return give_linear(step, input, std::move(layer));
  const size_t index = step.add(std::move(layer), {input.layer});
  step.give({index, step.layer(index).shape, false, {}});
}

/// tidy() gives the padding to the windows that read it.
void pad(Step& step) {
  const auto pads = step.opset() < 11 ? step.integers("pads") : step.integers_from("pads", 1);
  if (!pads) throw Error("its pads are missing; right is two for each axis");
  check_padding_value(step);
  const auto axes = step.has(3) ? step.integers_from("axes", 3) : std::nullopt;
  const Window window = padding_of(step.feature(0), *pads, axes);
  if (window.padding_begin == Window{}.padding_begin && window.padding_end == Window{}.padding_end)
    return step.give(step.feature(0));
  step.give(padded(step, step.image(0), window));
}

}  // namespace bitsweep::onnx
