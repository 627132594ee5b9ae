// int8: scales of weights and ranges of activations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/datasets/datasets.h"
#include "harness/network.h"

namespace bitsweep {

struct QuantizedWeights {
  std::vector<int8_t> values;  ///< same shape as the weights
  std::vector<float> scale;    ///< [out]
};

/// Quantises weights to int8, symmetric, one scale per output channel.
///   weights  [out, ...], fp32
///   returns  values and scale [out], with weights[o] ≈ scale[o] * values[o]
/// scale[o] = max|weights[o]| / largest; an all-zero channel gets scale 1.
/// Throws Error if a weight is not finite.
/// Source: Jacob et al., CVPR 2018 (arXiv 1712.05877), section 2.1, zero point 0.
QuantizedWeights quantize_per_channel(const Tensor& weights, int largest = 127);

/// How the numbers of a range are stored in 8 bits; zero point 0.
struct StoredRange {
  bool is_unsigned = false;
  float scale = 1;  ///< number = scale × integer
};

/// Unsigned with high / 255 where nothing is negative (after ReLU), else signed with max(-low, high) / 127;
/// a range of nothing gets scale 1.
StoredRange store_range(const Range& range);

struct Histogram;

/// A row of the table of calibration methods: chooses the range of one activation from a histogram of its
/// values. Within a range that reaches below zero int8 has 127 steps to either side, else 255 above zero.
struct Calibration {
  std::string name;
  std::string meaning;
  Range (*choose)(const Histogram& histogram) = nullptr;
};
const std::vector<Calibration>& calibration_methods();

/// Runs the images (in batches of the session's size; the last batch padded by repetition) through an fp32
/// session and chooses a range for each layer's output. The input and the last layer are never clipped.
/// `batch`: images an inference of that session. Throws Error if an activation is not finite.
std::vector<Range> calibrate(Session& session, const Network& network, const Samples& images, int64_t batch,
                             const std::string& method);

}  // namespace bitsweep
