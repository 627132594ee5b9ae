// Kernels of our own: what the libraries have no fast code for.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "backends/cuda/images.h"

namespace bitsweep::cuda {

/// As network.h's Function and Activation; apart, because nvcc reads C++17.
struct Elementwise {
  enum Kind { identity, relu, leaky_relu, clip, sigmoid, hard_sigmoid, hard_swish, silu } kind = identity;
  float alpha = 0, beta = 0;
};

struct Sliding {
  int64_t kernel[2], stride[2], padding[2], dilation[2];  ///< vertical, horizontal; padding at the beginning
};

/// Pixel (row, column) of a gathered image holds the source's pixels (first + stride * (row, column) + tap).
struct Gather {
  int first[2], stride[2], taps[2];
};

/// Where channel `at` of a gathered pixel comes from: channels of one tap stand together.
struct Gathered {
  int row, column, channel;
};
constexpr Gathered gathered_from(const Gather& gather, int row, int column, int at, int source_channels) {
  const int tap = at / source_channels;
  return {gather.first[0] + gather.stride[0] * row + tap / gather.taps[1],
          gather.first[1] + gather.stride[1] * column + tap % gather.taps[1], at % source_channels};
}

/// From the caller's [batch, channels, height, width] in fp32.
void images_in(const float* from, void* to, const Images& images, Number number, cudaStream_t stream);
/// The same with what lies under several taps as channels of one pixel, what lies beyond the source as 0.
void images_gathered_in(const float* from, void* to, const Images& source, const Images& gathered,
                        const Gather& gather, Number number, cudaStream_t stream);
/// And back.
void images_out(const void* from, float* to, const Images& images, Number number, cudaStream_t stream);

void max_pool(const void* from, void* to, const Images& source, const Images& output, const Sliding& window,
              Number number, cudaStream_t stream);
void average_pool(const void* from, void* to, const Images& source, const Images& output,
                  const Sliding& window, bool count_padding, Number number, cudaStream_t stream);
void global_average(const void* from, void* to, const Images& source, Number number, cudaStream_t stream);

/// to = activation(a); may be in place.
void activate(const void* a, void* to, const Images& images, const Elementwise& activation, Number number,
              cudaStream_t stream);
/// to = activation(a + b); may be in place.
void add(const void* a, const void* b, void* to, const Images& images, const Elementwise& activation,
         Number number, cudaStream_t stream);
/// to = a b, where b has the images' size, or one value a channel of each image.
void multiply(const void* a, const void* b, void* to, const Images& images, bool one_a_channel, Number number,
              cudaStream_t stream);
/// to = activation(to + bias + shortcut), for convolutions whose plan does not do so itself; bias [stored],
/// shortcut may be null.
void finish(void* to, const void* bias, const void* shortcut, const Images& images,
            const Elementwise& activation, Number number, cudaStream_t stream);
/// Over the channels of each pixel.
void softmax(const void* from, void* to, const Images& images, Number number, cudaStream_t stream);

/// Copies the channels of `from` into those of `to` from `first` on; the last of several also clears the
/// padding behind.
void join_channels(const void* from, const Images& source, void* to, const Images& output, int64_t first,
                   Number number, cudaStream_t stream);
/// An image as a vector of one pixel, in the order [channels, height, width].
void flatten(const void* from, const Images& source, void* to, const Images& output, Number number,
             cudaStream_t stream);

/// Convolution in groups, one thread an output: for depthwise ones, which move memory. weights [out, kernel
/// height, kernel width, in of a group], without padding.
void direct_convolution(const void* from, const void* weights, const void* bias, const void* shortcut,
                        void* to, const Images& source, const Images& output, const Sliding& window,
                        int64_t groups, const Elementwise& activation, Number number, cudaStream_t stream);

}  // namespace bitsweep::cuda
