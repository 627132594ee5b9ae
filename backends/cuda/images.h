// How activations lie on the GPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include <library_types.h>

namespace bitsweep::cuda {

/// What a number is stored as.
enum class Number { fp32, fp16, bf16 };

constexpr int64_t bytes_of(Number number) {
  return number == Number::fp32 ? 4 : 2;
}
constexpr cudaDataType_t data_type(Number number) {
  return number == Number::fp32 ? CUDA_R_32F : number == Number::fp16 ? CUDA_R_16F : CUDA_R_16BF;
}
/// As in LayerRecord::data_types.
constexpr const char* name_of(Number number) {
  return number == Number::fp32 ? "f32" : number == Number::fp16 ? "f16" : "bf16";
}

/// Every pixel begins at a multiple of 16 bytes: the width of the widest load, and what tensor cores ask for.
constexpr int64_t vector_bytes = 16;
constexpr int64_t stored_channels(int64_t channels, Number number) {
  const int64_t multiple = vector_bytes / bytes_of(number);
  return (channels + multiple - 1) / multiple * multiple;
}

/// Images with the channels of a pixel side by side: [batch, height, width, stored]. The channels from
/// `channels` on hold numbers that nothing depends on, but never NaN. A vector is an image of one pixel.
struct Images {
  int64_t batch = 1, channels = 1, height = 1, width = 1;
  int64_t stored = 1;  ///< channels with padding

  constexpr int64_t pixels() const { return batch * height * width; }
  constexpr int64_t elements() const { return pixels() * stored; }  ///< with padding
};

}  // namespace bitsweep::cuda
