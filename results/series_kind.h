// What a stretch of a history looks like. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bitsweep {

/// The words in which a series is told; the first that fits.
enum class SeriesShape { too_short, drift, two_modes, level_shift, spikes, steady };

/// E.g. "level shift".
std::string to_text(SeriesShape shape);

struct Modes {
  double low = 0, high = 0;  ///< their means
  double share_of_high = 0;  ///< of the points
  int64_t switches = 0;      ///< from one mode to the other and back
};

struct SeriesKind {
  SeriesShape shape = SeriesShape::too_short;
  std::vector<int64_t> spikes;  ///< single points far off their segment
  double drift_per_point = 0;   ///< slope, if it drifts
  std::optional<Modes> modes;
};

/// Slope if a straight line tells the values better than levels do: n ln(S / L) > 6 - 2 (cuts - 1) ln n, S
/// and L the sums of squares around levels and line, values limited to 3 deviations from their level. A
/// single step is given up for a line only on strong evidence.
///   cuts  positions in order, at least one
std::optional<double> drift(std::span<const double> values, const std::vector<int64_t>& cuts);

/// The two modes if values switch between two: split where the squares within both parts are smallest (Otsu,
/// IEEE Transactions on Systems, Man and Cybernetics 9 (1979), pages 62 to 66), the means are 4 deviations
/// apart, each part has 5 points and 5 % of all, less than 4 % lie in the middle third between the means, and
/// there are 6 switches or more: one level shift has 1, a change that goes away again 2.
std::optional<Modes> two_modes(std::span<const double> values);

/// Points more than 6 deviations off the median of their segment, deviations above and below taken apart
/// since times are skewed, in runs shorter than `minimum_segment`.
std::vector<int64_t> spikes(std::span<const double> values, const std::vector<int64_t>& cuts,
                            int64_t minimum_segment);

}  // namespace bitsweep
