#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "harness/datasets/sources.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

constexpr size_t waves = 8;            ///< a channel
constexpr float noise = 0.3F;          ///< standard deviation
constexpr int64_t train_images = 256;  ///< where no limit is given

// Streams of seeded values that no layer of a network uses.
constexpr int64_t test_stream = -2, train_stream = -4;

/// a sin(x fx + phase + y fy), frequencies in radians an element.
struct Wave {
  float horizontal, vertical, phase, amplitude;
};

/// From four values in [0, 1); `size` is that of the image, in elements.
Wave wave(std::span<const float, 4> random, int64_t height, int64_t width) {
  constexpr float turn = 2 * std::numbers::pi_v<float>;
  const float cycles = 0.5F + 7.5F * random[0];  // over the image
  const float direction = turn * random[1];
  return {turn * cycles * std::cos(direction) / static_cast<float>(width),
          turn * cycles * std::sin(direction) / static_cast<float>(height), turn * random[2],
          (0.5F + random[3]) / cycles};
}

/// sines[i] and cosines[i] of frequency * i + phase.
struct Oscillation {
  std::vector<float> sines, cosines;

  Oscillation(float frequency, float phase, int64_t count) : sines(count), cosines(count) {
    for (int64_t i = 0; i < count; ++i) {
      sines[i] = std::sin(frequency * static_cast<float>(i) + phase);
      cosines[i] = std::cos(frequency * static_cast<float>(i) + phase);
    }
  }
};

/// One channel: waves scaled to a variance of 1 - noise², added to the noise that `plane` holds.
void add_waves(std::span<const float> random, int64_t height, int64_t width, float* plane) {
  std::array<Wave, waves> all;
  float power = 0;
  for (size_t i = 0; i < waves; ++i) {
    all[i] = wave(random.subspan(4 * i).first<4>(), height, width);
    power += all[i].amplitude * all[i].amplitude / 2;
  }
  for (const Wave& one : all) {
    // sin(a + b) = sin a cos b + cos a sin b: a sine for each row and column instead of one for each element.
    const Oscillation across(one.horizontal, one.phase, width), down(one.vertical, 0, height);
    const float amplitude = one.amplitude * std::sqrt((1 - noise * noise) / power);
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        plane[y * width + x] +=
            amplitude * (across.sines[x] * down.cosines[y] + across.cosines[x] * down.sines[y]);
  }
}

/// Image i depends on seed, stream and i only: a larger set begins with the smaller one.
Samples fields(const Shape& shape, int64_t count, int64_t seed, int64_t stream) {
  const bool image = shape.size() == 3;
  const int64_t channels = image ? shape[0] : 1, height = image ? shape[1] : 1;
  const int64_t width = element_count(shape) / channels / height;
  const float bound = noise * std::sqrt(3.0F);  // of a uniform distribution with that standard deviation
  Shape all = shape;
  all.insert(all.begin(), count);
  Samples samples{
      shape, count, uniform(all, -bound, bound, seed, stream).values, {}, "none: mean 0, sd about 1"};
  const Tensor random = uniform({count * channels, static_cast<int64_t>(waves), 4}, 0, 1, seed, stream + 1);
#pragma omp parallel for
  for (int64_t plane = 0; plane < count * channels; ++plane)
    add_waves(std::span(random.values).subspan(plane * waves * 4, waves * 4), height, width,
              &samples.values[plane * height * width]);
  return samples;
}

}  // namespace

Samples synthetic_test(const Shape& shape, int64_t at_least, int64_t seed) {
  return fields(shape, std::max<int64_t>(1, at_least), seed, test_stream);
}

Samples synthetic_train(const Shape& shape, int64_t at_most, int64_t seed) {
  return fields(shape, at_most == 0 ? train_images : at_most, seed, train_stream);
}

}  // namespace bitsweep
