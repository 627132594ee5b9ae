// Magnitude pruning: the smallest weights go.
#pragma once

#include "harness/network.h"

namespace bitsweep {

/// Sets the round(ratio * all) weights with the smallest |w| to zero, over all convolutions and linear layers
/// together; of equal ones the first go, in the order of layers and positions. Biases stay. `seed` is not
/// used: nothing is random. Source: Han et al., NeurIPS 2015 (arXiv 1506.02626), with one threshold for the
/// whole network.
void prune_by_magnitude(Network& network, double ratio, int64_t seed);

}  // namespace bitsweep
