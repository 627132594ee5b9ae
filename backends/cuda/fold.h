// A first convolution on images of few channels as one on images of more: tensor cores take 8 channels and
// more at once, and padding 3 to 8 would make them multiply zeros. The conversion of the input, which has to
// be done anyway, gathers what belongs together.
#pragma once

#include <optional>

#include "backends/cuda/images.h"
#include "backends/cuda/kernels.h"
#include "harness/network.h"

namespace bitsweep::cuda {

/// One of two ways. Stride 2: every 2 × 2 pixels become one of four times the channels, and the stride 1.
/// Stride 1 and few weights: every pixel holds all that its window covers, and the convolution is a product
/// of matrices.
struct Fold {
  size_t reader = 0;  ///< the layer
  Gather gather{};
  Images folded;
  Window window;  ///< on the folded image, without padding
};

/// Nothing where the network does not begin so, or something else reads the input too.
std::optional<Fold> fold_of(const Network& network, int64_t batch, Number number);

/// The weights for the folded image: [out, taps * in, folded height, folded width].
Tensor folded_weights(const Convolution& convolution, const Fold& fold);

}  // namespace bitsweep::cuda
