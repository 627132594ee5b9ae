// Layers with seeded weights, for tests.
#pragma once

#include "harness/models/seeded.h"
#include "harness/network.h"

namespace bitsweep {

/// Values in ±1 that differ from stream to stream.
inline Tensor some_values(Shape shape, int64_t stream) {
  return uniform(std::move(shape), -1, 1, 7, stream);
}

inline Convolution some_convolution(int64_t in, int64_t out, Window window, int64_t stream,
                                    int64_t groups = 1) {
  return {some_values({out, in / groups, window.kernel[0], window.kernel[1]}, stream),
          some_values({out}, stream + 1), window, groups};
}

inline Linear some_linear(int64_t in, int64_t out, int64_t stream) {
  return {some_values({out, in}, stream), some_values({out}, stream + 1)};
}

inline BatchNormalization some_normalization(int64_t channels, int64_t stream) {
  return {some_values({channels}, stream), some_values({channels}, stream + 1),
          some_values({channels}, stream + 2), uniform({channels}, 0.5F, 2, 7, stream + 3)};
}

}  // namespace bitsweep
