// Change points as Apache Otava finds them, for those who know its options and for comparison. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace bitsweep {

/// Otava's options, with its defaults.
struct OtavaOptions {
  int64_t window = 50;  ///< points looked at together, at least 2
  double maximum_p_value = 0.001;
  double minimum_magnitude = 0;  ///< as a share
};

struct OtavaChangePoint {
  int64_t index = 0;                                 ///< of the first point of the new level
  double before = 0, after = 0;                      ///< means
  double deviation_before = 0, deviation_after = 0;  ///< of the population
  double p_value = 1;
};

/// What `otava analyze` of apache-otava 0.8.0 finds, its known weaknesses included: no least number of points
/// on a side, deviations of the population where the t-test wants those of a sample, and figures of a change
/// that are not renewed when its right neighbour is merged away.
///   values  oldest first; a missing one takes that before it, at the beginning that after it
/// E-divisive means with a t-test in windows that overlap by half, at ten times the p-value; then the weakest
/// are merged away. Throws std::invalid_argument for a window below 2. Source: Fleming et al., Hunter, ICPE
/// 2023 (arXiv 2301.03034); Matteson & James, JASA 109 (2014), pages 334 to 345; behaviour of the program.
std::vector<OtavaChangePoint> find_change_points_as_otava(const std::vector<std::optional<double>>& values,
                                                          const OtavaOptions& options = {});

}  // namespace bitsweep
