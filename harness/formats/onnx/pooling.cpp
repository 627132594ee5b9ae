// Pools, and means over the whole image.
#include <algorithm>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"
#include "harness/formats/onnx/windows.h"

namespace bitsweep::onnx {
namespace {

void give_image(Step& step, Operation operation, const Feature& input) {
  const std::optional<Quantization> quantization = input.quantization;  // a maximum is one of the integers
  const size_t index = step.add(std::move(operation), {input.layer});
  step.give({index, step.layer(index).shape, false, quantization});
}

/// The window, and how far it reaches beyond its padding at the end.
struct Pooling {
  Window window;
  std::array<int64_t, 2> beyond{0, 0};
};

Pooling pooling_of(Step& step, const Feature& input) {
  Pooling pooling{window_of(step, input.shape, std::nullopt), {}};
  if (step.integer("ceil_mode", 0) != 0) pooling.beyond = overhang(pooling.window, input.shape);
  for (size_t axis : {0, 1}) pooling.window.padding_end[axis] += pooling.beyond[axis];
  return pooling;
}

}  // namespace

void max_pool(Step& step) {
  const Feature& input = step.any_image(0);
  give_image(step, MaxPool{pooling_of(step, input).window}, input);
}

/// What a window covers beyond the padding, where the size is rounded up, is never counted. So if padding is,
/// it becomes part of the image, and the rest is padding that does not count.
void average_pool(Step& step) {
  const Feature& input = step.image(0);
  const bool count_padding = step.integer("count_include_pad", 0) != 0;
  const Pooling pooling = pooling_of(step, input);
  const std::array<int64_t, 2> none{0, 0};
  if (!count_padding || pooling.beyond == none)
    return give_image(step, AveragePool{pooling.window, count_padding}, input);
  Window own = pooling.window, beyond = pooling.window;
  for (size_t axis : {0, 1}) own.padding_end[axis] -= pooling.beyond[axis];
  beyond.padding_begin = none;
  beyond.padding_end = pooling.beyond;
  const bool pads = own.padding_begin != none || own.padding_end != none;
  give_image(step, AveragePool{beyond, false}, pads ? padded(step, input, own) : input);
}

void global_average_pool(Step& step) {
  give_image(step, GlobalAveragePool{}, step.image(0));
}

void global_max_pool(Step& step) {
  const Feature& input = step.any_image(0);
  Window window;
  window.kernel = {input.shape[1], input.shape[2]};
  give_image(step, MaxPool{window}, input);
}

/// Over height and width only: a global average pool.
void reduce_mean(Step& step) {
  const Feature& input = step.feature(0);
  const size_t rank = input.shape.size() + 1;
  const auto axes = step.opset() < 18 ? step.integers("axes") : step.integers_from("axes", 1);
  const std::vector<size_t> right =
      input.channels_last ? std::vector<size_t>{1, 2} : std::vector<size_t>{2, 3};
  std::vector<size_t> found;
  for (int64_t axis : axes.value_or(std::vector<int64_t>{})) found.push_back(checked_axis(axis, rank));
  std::sort(found.begin(), found.end());
  if (found != right || rank != 4 || step.layer(input).shape.size() != 3 ||
      !(input.channels_last || input.shape == step.layer(input).shape))
    throw Error(
        fmt::format("it is no mean over the height and width of an image; right is axes [{}, {}] of 4",
                    right[0], right[1]));
  const int64_t channels = step.layer(input).shape[0];
  Shape shape = input.channels_last ? Shape{1, 1, channels} : Shape{channels, 1, 1};
  if (step.integer("keepdims", 1) == 0) shape = {channels};
  step.give({step.add(GlobalAveragePool{}, {input.layer}), shape, false, {}});
}

}  // namespace bitsweep::onnx
