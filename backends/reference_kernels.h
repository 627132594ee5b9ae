// The arithmetic of the reference backend: plain fp32 loops, NCHW, no state.
#pragma once

#include "harness/network.h"

namespace bitsweep::reference {

/// What every kernel is told besides its layer: how many images, and how many OpenMP threads may compute
/// them. Results do not depend on the number of threads: each output element is summed by one thread, in one
/// order.
struct Extent {
  int64_t batch = 1;
  int threads = 1;
};

/// activation(value); a NaN stays NaN, whatever the function.
float activate(const Activation& activation, float value);

/// y = activation(x * weights + bias + shortcut?); shortcut may be null.
///   x [batch, input], y and shortcut [batch, output]; input and output are [channels, height, width]
void convolution(const Convolution& layer, const Shape& input, const Shape& output, Extent extent,
                 const float* x, const float* shortcut, float* y);
void linear(const Linear& layer, Extent extent, const float* x, float* y);

void batch_normalization(const BatchNormalization& layer, const Shape& shape, Extent extent, const float* x,
                         float* y);
void activation(const Activation& layer, int64_t count, Extent extent, const float* x, float* y);
void add(const Add& layer, int64_t count, Extent extent, const float* a, const float* b, float* y);

/// b holds as many values as a, or one a channel of `shape` ([channels] or [channels, 1, 1]).
void multiply(const Shape& shape, const Shape& second, Extent extent, const float* a, const float* b,
              float* y);
/// Copies `input`'s channels into y from channel `first` on; y has shape `output`.
void join(const Shape& input, const Shape& output, int64_t first, Extent extent, const float* x, float* y);
/// Over the first dimension of `shape`.
void softmax(const Shape& shape, Extent extent, const float* x, float* y);

void max_pool(const MaxPool& layer, const Shape& input, const Shape& output, Extent extent, const float* x,
              float* y);
void average_pool(const AveragePool& layer, const Shape& input, const Shape& output, Extent extent,
                  const float* x, float* y);
void global_average_pool(const Shape& input, Extent extent, const float* x, float* y);

}  // namespace bitsweep::reference
