// Seeded weights: reproducible on every machine, independent of the number of threads.
#pragma once

#include <cstdint>

#include "harness/network.h"

namespace bitsweep {

/// Uniform in ±sqrt(6 / fan_in), He et al. 2015 (arXiv 1502.01852), so that ReLU networks keep their
/// variance. Each value is a function of (seed, stream, index) only. `stream` tells the tensors of one
/// network apart.
Tensor he_uniform(Shape shape, int64_t fan_in, int64_t seed, int64_t stream);

/// Uniform in [low, high), likewise.
Tensor uniform(Shape shape, float low, float high, int64_t seed, int64_t stream);

}  // namespace bitsweep
