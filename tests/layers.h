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

inline Network one_layer(const Shape& input, Operation operation) {
  Network network("one layer", input);
  network.add("layer", std::move(operation));
  return network;
}

/// A convolution, so that what follows works in the engine's layout, and a layer of one kind behind it.
inline Network behind_convolution(Operation operation, const Activation& activation) {
  Network network("behind a convolution", {3, 12, 15});
  Convolution convolution = some_convolution(3, 24, square_window(3, 1, 1), 1);
  convolution.activation = activation;
  network.add("convolution", std::move(convolution));
  network.add("layer", std::move(operation));
  return network;
}

}  // namespace bitsweep
