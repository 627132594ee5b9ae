#include "backends/cuda/weights.h"

#include <algorithm>
#include <cstring>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace bitsweep::cuda {
namespace {

/// Numbers of a type, zero until they are set.
class Packed {
 public:
  Packed(int64_t count, Number number)
      : number_(number), bytes_(static_cast<size_t>(count * bytes_of(number)), std::byte{0}) {}

  void set(int64_t index, float value) {
    std::byte* at = bytes_.data() + index * bytes_of(number_);
    switch (number_) {
      case Number::fp32:
        return store(at, value);
      case Number::fp16:
        return store(at, __float2half_rn(value));
      case Number::bf16:
        return store(at, __float2bfloat16_rn(value));
    }
  }

  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <class Value>
  static void store(std::byte* at, Value value) {
    std::memcpy(at, &value, sizeof value);
  }

  Number number_;
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> pack_convolution(const Tensor& weights, int64_t stored_out, int64_t stored_in,
                                        Number number) {
  const int64_t out = weights.shape[0], in = weights.shape[1], taps = weights.shape[2] * weights.shape[3];
  Packed packed(stored_out * taps * stored_in, number);
#pragma omp parallel for
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t tap = 0; tap < taps; ++tap)
        packed.set((o * taps + tap) * stored_in + i,
                   weights.values[static_cast<size_t>((o * in + i) * taps + tap)]);
  return packed.take();
}

std::vector<std::byte> pack_linear(const Tensor& weights, int64_t stored_out, const Images& source,
                                   Number number) {
  const int64_t out = weights.shape[0], in = weights.shape[1], pixels = source.height * source.width;
  const int64_t depth = pixels * source.stored;
  Packed packed(stored_out * depth, number);
#pragma omp parallel for
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      packed.set(o * depth + i % pixels * source.stored + i / pixels,
                 weights.values[static_cast<size_t>(o * in + i)]);
  return packed.take();
}

int64_t count_zeros(const std::vector<std::byte>& packed, Number number) {
  const int64_t size = bytes_of(number), count = static_cast<int64_t>(packed.size()) / size;
  int64_t zeros = 0;
#pragma omp parallel for reduction(+ : zeros)
  for (int64_t i = 0; i < count; ++i) {
    const std::byte* at = packed.data() + i * size;
    zeros += std::all_of(at, at + size, [](std::byte byte) { return byte == std::byte{0}; });
  }
  return zeros;
}

std::vector<std::byte> pack_bias(const Tensor& bias, int64_t stored, Number number) {
  Packed packed(stored, number);
  for (size_t i = 0; i < bias.values.size(); ++i) packed.set(static_cast<int64_t>(i), bias.values[i]);
  return packed.take();
}

}  // namespace bitsweep::cuda
