// The verdict on a series: has it become worse, since when, by how much, and is that worth attention? Pure.
// The formula stands in README.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/result.h"
#include "harness/statistics.h"
#include "harness/units.h"

namespace bitsweep {

/// What is known of a series when its newest value is judged.
struct SeriesHistory {
  std::vector<double> values;        ///< one a session that has it, the oldest first; all finite
  std::vector<size_t> level_starts;  ///< where a new level begins, ascending, in 1 ... values.size() - 1
  double newest_error = 0;           ///< standard error of the newest value by its samples; 0: unknown
  Direction direction = Direction::neutral;
  /// Of top1: answers[i] of values[i], to the images that the newest one answered; empty where they are not
  /// known or others.
  std::vector<std::vector<bool>> answers;
  size_t accepted = 0;  ///< the first value that was accepted as it is: what was before is no baseline
};

enum class Judgement {
  regressed,  ///< significantly worse than its baseline
  improved,
  steady,
  unknown,  ///< too little history
};
std::string to_text(Judgement judgement);

struct SeriesVerdict {
  Judgement judgement = Judgement::unknown;
  bool worth_attention = false;  ///< the change is as large as the threshold, or larger
  bool confirmed = false;        ///< by a level of several sessions; else by the newest value alone
  bool recovered = false;        ///< steady, but was worth attention as regressed in the window
  double before = 0;             ///< the baseline's level, in the metric's unit
  double after = 0;              ///< the present level, or the newest value
  double change = 0;             ///< (after - before) / |before|, whatever is better
  Interval change_interval;      ///< at 95 %; of a level of fewer than 6 values its whole range
  size_t since = 0;              ///< the first value of the present level
};

/// Values needed before anything is judged.
inline constexpr size_t least_history = 8;
/// Values that may serve as baseline: a regression that is neither accepted nor mended is told for so many
/// sessions.
inline constexpr size_t window = 30;

/// The share of unchanged pairs of answers that McNemar's test calls different.
inline constexpr double significance_of_answers = 0.001;

/// The newest value of a series of a metric that has a direction; neutral metrics are steady or unknown. By
/// the answers to the same images where the newest value and one before it have them: these need no history.
///   threshold  from which change on it is worth attention
SeriesVerdict judge(const SeriesHistory& history, const Threshold& threshold);

}  // namespace bitsweep
