#include "harness/formats/onnx/windows.h"

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/extent.h"

namespace bitsweep::onnx {
namespace {

/// So that sums and products of sizes do not overflow, and that a hostile file does not keep us busy.
constexpr int64_t most = 65'536;

void read_pair(const Step& step, const char* attribute, std::array<int64_t, 2>& pair) {
  const auto list = step.integers(attribute);
  if (!list) return;
  if (list->size() != 2)
    throw Error(fmt::format("attribute '{}' has {} values; right is 2, for images", attribute, list->size()));
  for (size_t axis : {0, 1}) {
    pair[axis] = (*list)[axis];
    if (pair[axis] < 1 || pair[axis] > most)
      throw Error(fmt::format("attribute '{}' has {}; right is 1 to {}", attribute, pair[axis], most));
  }
}

void read_pads(const Step& step, Window& window) {
  const auto pads = step.integers("pads");
  if (!pads) return;
  if (pads->size() != 4)
    throw Error(fmt::format("attribute 'pads' has {} values; right is 4, for images", pads->size()));
  for (int64_t size : *pads)
    if (size < 0 || size > most)
      throw Error(fmt::format("attribute 'pads' has {}; right is 0 to {}", size, most));
  window.padding_begin = {(*pads)[0], (*pads)[1]};
  window.padding_end = {(*pads)[2], (*pads)[3]};
}

/// As much padding as makes the output ceil(input / stride) large; the odd one goes to the end or the
/// beginning.
void pad_to_same(Window& window, const Shape& input, bool odd_at_end) {
  for (size_t axis : {0, 1}) {
    const int64_t size = input[axis + 1], stride = window.stride[axis];
    const int64_t output = (size + stride - 1) / stride;
    const int64_t padding = std::max<int64_t>(0, (output - 1) * stride + extent(window, axis) - size);
    window.padding_begin[axis] = odd_at_end ? padding / 2 : padding - padding / 2;
    window.padding_end[axis] = padding - window.padding_begin[axis];
  }
}

}  // namespace

Window window_of(const Step& step, const Shape& input, std::optional<std::array<int64_t, 2>> kernel) {
  Window window;
  if (!kernel && !step.has("kernel_shape"))
    throw Error("attribute 'kernel_shape' is missing; right is two sizes");
  window.kernel = kernel.value_or(window.kernel);
  read_pair(step, "kernel_shape", window.kernel);
  if (kernel && window.kernel != *kernel)
    throw Error(
        fmt::format("attribute 'kernel_shape' is [{}, {}], that of the weights [{}, {}]; right is equal",
                    window.kernel[0], window.kernel[1], (*kernel)[0], (*kernel)[1]));
  read_pair(step, "strides", window.stride);
  read_pair(step, "dilations", window.dilation);
  const std::string automatic = step.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET")
    read_pads(step, window);
  else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER")
    pad_to_same(window, input, automatic == "SAME_UPPER");
  else if (automatic != "VALID")
    throw Error(fmt::format("attribute 'auto_pad' is '{}'; right is NOTSET, SAME_UPPER, SAME_LOWER or VALID",
                            printable(automatic)));
  return window;
}

std::array<int64_t, 2> overhang(const Window& window, const Shape& input) {
  std::array<int64_t, 2> more{0, 0};
  for (size_t axis : {0, 1}) {
    const int64_t size = input[axis + 1], stride = window.stride[axis];
    const int64_t free = size + window.padding_begin[axis] + window.padding_end[axis] - extent(window, axis);
    if (free < 0) continue;  // no window fits: the network says so
    int64_t last = (free + stride - 1) / stride * stride;
    if (last >= size + window.padding_begin[axis]) last -= stride;  // it would see nothing but padding
    more[axis] = std::max<int64_t>(0, last - free);
  }
  return more;
}

Feature padded(Step& step, const Feature& image, const Window& window) {
  const int64_t channels = image.shape[0];
  step.spend(channels);
  Convolution copy{{{channels, 1, 1, 1}, std::vector<float>(channels, 1.F)}, {}, {}, channels};
  copy.window.padding_begin = window.padding_begin;
  copy.window.padding_end = window.padding_end;
  const size_t index = step.add(std::move(copy), {image.layer});
  return {index, step.layer(index).shape, false, {}};
}

}  // namespace bitsweep::onnx
