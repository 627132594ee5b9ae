// The geometry of a sliding window, from attributes and the size of what it slides over.
#pragma once

#include "harness/formats/onnx/translation.h"

namespace bitsweep::onnx {

/// auto_pad, kernel_shape, strides, dilations and pads over [channels, height, width]. `kernel` is what the
/// weights say, where there are any.
Window window_of(const Step& step, const Shape& input, std::optional<std::array<int64_t, 2>> kernel);

/// How many elements beyond the padding the last window needs if sizes are rounded up (ceil_mode).
std::array<int64_t, 2> overhang(const Window& window, const Shape& input);

/// The image with zeros around it, as `window` pads: a convolution that does nothing else.
Feature padded(Step& step, const Feature& image, const Window& window);

}  // namespace bitsweep::onnx
