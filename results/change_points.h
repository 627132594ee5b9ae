// When did a series change, and what kind of series is it? Pure, and the same to the bit for the same input.
// The formula and its properties are in results/README.md, "Change points".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/statistics.h"
#include "results/segments.h"
#include "results/series_kind.h"

namespace bitsweep {

/// One session's measurement of a series.
struct HistoryPoint {
  double value = 0;           ///< finite
  double standard_error = 0;  ///< of the value, in its unit, by its raw samples; 0: unknown
};

/// A session's point from all of its raw samples: its value, and the interval at 95 % that the rounds of
/// these give (see median_interval), which is 2 * 1.96 standard errors wide.
HistoryPoint history_point(double value, const Interval& interval);

/// For who looks at a history after each session and must not be called in vain: of histories without a
/// change, about 1 % have one at any of 100 looks, as long as noise is not correlated.
inline constexpr double significance_of_looks = 0.0003;

struct ChangePointCriteria {
  double significance = 0.007;   ///< share of unchanged histories of up to 256 points with any change point
  int64_t minimum_segment = 5;   ///< points on each side, and so the shortest delay until a change is told
  double minimum_magnitude = 0;  ///< smallest change of the level, as a share of the level before
};

/// The largest stretch of a history that is looked at as a whole.
inline constexpr int64_t change_point_window = 256;

struct ChangePoint {
  int64_t index = 0;    ///< of the first point of the new level
  double before = 0;    ///< level of the points before, back to the change point before, at most 256
  double after = 0;     ///< likewise after
  Interval difference;  ///< of after - before, at 95 %
  double p_value = 1;   ///< of any change among the points that were compared
};

struct SeriesFindings {
  std::vector<ChangePoint> change_points;  ///< in order, over the whole history
  SeriesKind kind;  ///< of its last 128 to 255 points, or from the last settled change on
};

/// A history that grows: an appended point costs the same however long the history is, and the findings are
/// those that the whole history gives at once.
class GrowingHistory {
 public:
  explicit GrowingHistory(ChangePointCriteria criteria = {});
  /// Throws std::invalid_argument if the value is not finite.
  void append(const HistoryPoint& point);
  SeriesFindings findings() const;

 private:
  ChangePointCriteria criteria_;
  std::vector<double> values_, standard_errors_;
  std::vector<Cut> settled_;  ///< changes that later points leave as they are
  int64_t open_ = 0;          ///< from here on change points may still move
};

/// What GrowingHistory finds once all are appended.
///   points  [n], oldest first
SeriesFindings find_change_points(std::span<const HistoryPoint> points,
                                  const ChangePointCriteria& criteria = {});

}  // namespace bitsweep
