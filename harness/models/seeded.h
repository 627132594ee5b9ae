// Seeded weights: reproducible on every machine, independent of the number of threads.
#pragma once

#include <cstdint>

#include "harness/network.h"

namespace bitsweep {

/// Uniform in [low, high). Each value is a function of (seed, stream, index) only; `stream` tells the tensors
/// of one network apart.
Tensor uniform(Shape shape, float low, float high, int64_t seed, int64_t stream);

/// Uniform in ±sqrt(6 / fan_in), He et al. 2015 (arXiv 1502.01852), so that ReLU networks keep their
/// variance; likewise.
Tensor he_uniform(Shape shape, int64_t fan_in, int64_t seed, int64_t stream);

/// A layer with weights of he_uniform, centred, and small biases. It takes the streams 8 layer ... 8 layer +
/// 7, where `layer` is the index it is going to have in its network.
///   centring  share of each filter's mean that is taken out, 0 to 1; the rest is scaled so that variance is
///   kept
/// What a ReLU gives has a mean, and random filters hand it on as an offset common to all images. With
/// centring 0 a deep network gives nearly the same output for every image. With 1 the offset is gone, but all
/// small differences, rounding errors among them, grow by half in each layer, and int8 ends in noise. Trained
/// networks lie between.
Convolution seeded_convolution(int64_t in, int64_t out, Window window, float centring, int64_t seed,
                               int64_t layer);
Linear seeded_linear(int64_t in, int64_t out, float centring, int64_t seed, int64_t layer);

/// The BatchNormalization after the convolution `layer`, with about the mean and variance that this gives:
/// scales around `scale`, within a fifth. It takes streams that the convolution leaves.
BatchNormalization seeded_normalization(int64_t channels, float scale, int64_t seed, int64_t layer);

/// A square window with the same padding on all sides.
Window square_window(int64_t kernel, int64_t stride, int64_t padding);

}  // namespace bitsweep
