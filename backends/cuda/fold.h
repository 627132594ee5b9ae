// A first convolution of stride 2 on images of few channels, as one of stride 1 on images of a quarter of the
// pixels with four times the channels: tensor cores take 8 or more channels at once, and padding 3 channels to 8
// would make them multiply zeros.
#pragma once

#include <optional>

#include "backends/cuda/images.h"
#include "harness/network.h"

namespace bitsweep::cuda {

struct Fold {
  size_t reader = 0;          ///< the layer
  int first_row = 0;          ///< of the source where the folded image begins, negative for padding
  int first_column = 0;
  Images folded;
  Window window;              ///< on the folded image
};

/// Nothing where the network does not begin so, or something else reads the input too.
std::optional<Fold> fold_of(const Network& network, int64_t batch, Number number);

/// The weights for the folded image: [out, 4 in, folded height, folded width].
Tensor folded_weights(const Convolution& convolution, const Fold& fold);

}  // namespace bitsweep::cuda
