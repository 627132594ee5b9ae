#include "harness/models/seeded.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <span>

namespace bitsweep {
namespace {

/// The finaliser of splitmix64: every bit of the input changes half of the output. Source: Steele, Lea &
/// Flood, OOPSLA 2014; constants of Vigna's public-domain code.
uint64_t mix(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

constexpr uint64_t golden = 0x9e3779b97f4a7c15U;  // splitmix64's step: 2^64 / golden ratio

/// Weights [out, ...] for a layer that reads what a ReLU gave; see seeded.h for `centring`.
Tensor centred_filters(Shape shape, float centring, int64_t seed, int64_t stream) {
  // Of a normal distribution a ReLU leaves the second moment 1/2, of which 1/(2 pi) is the mean, squared.
  constexpr float moment = 0.5F, squared_mean = 0.5F / std::numbers::pi_v<float>;
  const float taken_out = squared_mean * (1 - (1 - centring) * (1 - centring));
  const float gain = std::sqrt(moment / (moment - taken_out));
  const int64_t out = shape[0], fan_in = element_count(shape) / out;
  Tensor weights = he_uniform(std::move(shape), fan_in, seed, stream);
#pragma omp parallel for
  for (int64_t filter = 0; filter < out; ++filter) {
    const auto values = std::span(weights.values).subspan(filter * fan_in, fan_in);
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(fan_in);
    for (float& value : values) value = gain * (value - centring * static_cast<float>(mean));
  }
  return weights;
}

}  // namespace

Tensor uniform(Shape shape, float low, float high, int64_t seed, int64_t stream) {
  const int64_t count = element_count(shape);
  Tensor tensor{std::move(shape), std::vector<float>(count)};
  const uint64_t start =
      mix(mix(static_cast<uint64_t>(seed) + golden) + static_cast<uint64_t>(stream) * golden);
  float* values = tensor.values.data();
#pragma omp parallel for
  for (int64_t index = 0; index < count; ++index) {
    // 24 bits, as many as a float holds: the share lies in [0, 1) and is exact.
    const auto bits = static_cast<int32_t>(mix(start + static_cast<uint64_t>(index) * golden) >> 40);
    values[index] = low + (high - low) * (static_cast<float>(bits) * 0x1p-24F);
  }
  return tensor;
}

Tensor he_uniform(Shape shape, int64_t fan_in, int64_t seed, int64_t stream) {
  const float bound = std::sqrt(6.0F / static_cast<float>(fan_in));
  return uniform(std::move(shape), -bound, bound, seed, stream);
}

Convolution seeded_convolution(int64_t in, int64_t out, Window window, float centring, int64_t seed,
                               int64_t layer) {
  return {centred_filters({out, in, window.kernel[0], window.kernel[1]}, centring, seed, 8 * layer),
          uniform({out}, -0.1F, 0.1F, seed, 8 * layer + 1), window};
}

Linear seeded_linear(int64_t in, int64_t out, float centring, int64_t seed, int64_t layer) {
  return {centred_filters({out, in}, centring, seed, 8 * layer),
          uniform({out}, -0.1F, 0.1F, seed, 8 * layer + 1)};
}

BatchNormalization seeded_normalization(int64_t channels, float scale, int64_t seed, int64_t layer) {
  const int64_t stream = 8 * layer;
  return {uniform({channels}, 0.8F * scale, 1.2F * scale, seed, stream + 2),
          uniform({channels}, -0.2F * scale, 0.2F * scale, seed, stream + 3),
          uniform({channels}, -0.2F, 0.2F, seed, stream + 4),
          uniform({channels}, 0.8F, 1.2F, seed, stream + 5)};
}

Window square_window(int64_t kernel, int64_t stride, int64_t padding) {
  return {{kernel, kernel}, {stride, stride}, {padding, padding}, {padding, padding}, {1, 1}};
}

}  // namespace bitsweep
