#include "harness/compression/magnitude.h"

#include <array>
#include <bit>
#include <cmath>

namespace bitsweep {
namespace {

/// |w| as a number whose order is that of the magnitudes: the bits of a float without its sign. NaN is
/// largest.
uint32_t magnitude(float weight) {
  return std::bit_cast<uint32_t>(weight) & 0x7fffffff;
}

template <class Visit>
void for_each_weight(Network& network, Visit&& visit) {
  for (size_t layer = 0; layer < network.layers().size(); ++layer)
    if (Tensor* weights = network.weights(layer))
      for (float& weight : weights->values) visit(weight);
}

/// The first value whose bin takes the running sum of `bins` above `rank`, which becomes the rest within that
/// bin.
template <class Bins>
uint32_t find_bin(const Bins& bins, int64_t& rank) {
  uint32_t bin = 0;
  while (rank >= bins[bin]) rank -= bins[bin++];
  return bin;
}

/// The magnitude at `rank` (from 0) in ascending order. Selects by two histograms, of the upper and then of
/// the lower 16 bits: exact, and without a copy of the weights, which may take half a gigabyte. `rank`
/// becomes the rank among equals.
uint32_t select(Network& network, int64_t& rank) {
  std::array<int64_t, 1 << 16> bins{};
  for_each_weight(network, [&](float weight) { ++bins[magnitude(weight) >> 16]; });
  const uint32_t upper = find_bin(bins, rank);
  bins.fill(0);
  for_each_weight(network, [&](float weight) {
    if (magnitude(weight) >> 16 == upper) ++bins[magnitude(weight) & 0xffff];
  });
  return upper << 16 | find_bin(bins, rank);
}

}  // namespace

void prune_by_magnitude(Network& network, double ratio, int64_t) {
  const int64_t all = count_zeros(network).weights;
  const int64_t removed = std::llround(ratio * static_cast<double>(all));
  if (removed == 0) return;
  int64_t equals = removed - 1;
  const uint32_t threshold = select(network, equals);  // the largest magnitude that goes
  for_each_weight(network, [&](float& weight) {
    if (magnitude(weight) < threshold || (magnitude(weight) == threshold && equals-- >= 0)) weight = 0;
  });
}

}  // namespace bitsweep
