#include "harness/compression/quantization.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep {

QuantizedWeights quantize_per_channel(const Tensor& weights, int largest) {
  const auto limit = static_cast<float>(largest);
  const int64_t channels = weights.shape.at(0);
  const int64_t channel_size = element_count(weights.shape) / channels;
  const auto finite = [](float weight) { return std::isfinite(weight); };
  if (const auto bad = std::find_if_not(weights.values.begin(), weights.values.end(), finite);
      bad != weights.values.end())
    throw Error(fmt::format("weight {} is {}; right for int8 is a finite number",
                            bad - weights.values.begin(), *bad));

  QuantizedWeights quantized{std::vector<int8_t>(weights.values.size()), std::vector<float>(channels)};
#pragma omp parallel for
  for (int64_t channel = 0; channel < channels; ++channel) {
    const float* first = &weights.values[channel * channel_size];
    float magnitude = 0;
    for (int64_t i = 0; i < channel_size; ++i) magnitude = std::max(magnitude, std::abs(first[i]));
    float scale = magnitude / limit;
    if (scale == 0) scale = 1;  // all zero, or too small for a float
    for (int64_t i = 0; i < channel_size; ++i)
      quantized.values[channel * channel_size + i] =
          static_cast<int8_t>(std::clamp(std::nearbyint(first[i] / scale), -limit, limit));
    quantized.scale[channel] = scale;
  }
  return quantized;
}

StoredRange store_range(const Range& range) {
  const bool is_unsigned = range.low >= 0;
  const float scale = is_unsigned ? range.high / 255.F : std::max(-range.low, range.high) / 127.F;
  return {is_unsigned, scale > 0 ? scale : 1.F};
}

}  // namespace bitsweep
