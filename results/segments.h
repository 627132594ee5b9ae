// A stretch of a history is cut where its level changes. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitsweep {

struct Cut {
  int64_t position = 0;  ///< of the first element after the change
  double p_value = 1;
};

/// Cuts where the level changes, in order.
///   values           [n]
///   weights          [n], above 0: the variance of a value is as 1 / weight
///   minimum_segment  elements between two cuts, at least 2
///   significance     chance of any cut where nothing changes
/// The most likely step of all is cut if it is significant, then those of both sides, and so on. A stretch of
/// more than 60 is also searched for short-lived changes in pieces of 32, 64, ... that overlap by half, with
/// 30 % of the significance. In the end each cut is tested anew between its neighbours, the least significant
/// one goes while it fails, and each is placed. If what is left around the levels is correlated, all is done
/// once more with wider noise. Source: seeded binary segmentation, Kovács et al., Biometrika 110 (2023),
/// pages 249 to 256, simplified.
std::vector<Cut> cut_into_segments(std::span<const double> values, std::span<const double> weights,
                                   int64_t minimum_segment, double significance);

std::vector<int64_t> positions(const std::vector<Cut>& cuts);

}  // namespace bitsweep
