// The history of a series: what one run gave on machines of one class, session by session.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/result.h"
#include "harness/statistics.h"
#include "results/change_points.h"
#include "results/select.h"

namespace bitsweep {

/// What one session says of a series.
struct Measured {
  int64_t session = 0;
  int64_t result = 0;   ///< its row
  std::string started;  ///< the session, UTC, ISO 8601
  HistoryPoint point;   ///< the stored value, and how far it may be off by the samples behind it
  Interval interval;    ///< at 95 %; the value itself where nothing is known
};

/// A series of one experiment. Of outcomes only `ok` has values.
struct History {
  std::string experiment;
  std::string run;  ///< its canonical text
  std::string run_id, machine_class, metric, unit;
  Direction direction = Direction::neutral;
  std::vector<Measured> sessions;  ///< in session_order, at least one; values are finite
  size_t accepted = 0;             ///< the first of them that was accepted as it is, see acceptance.h
};

/// A median time and its interval, in any unit.
struct MedianTime {
  double value = 0;
  Interval interval;
};

/// The interval of a value that is a time (lower is better), or images in a time, from that of the median
/// time.
Interval interval_of(Direction direction, double value, const MedianTime& time);

/// The histories of the results that a condition takes, in the order of experiment, run, machine class and
/// metric.
///   condition  SQL over result_tables(), with its values
///   metrics    names; others are left out
///   today      UTC, ISO 8601: changes of sessions until then count as accepted, unless that has ended
/// The interval of a time is that of the median over the rounds of its raw samples: as stored with it
/// (latency_p50_low, ..._high), else taken from the samples. The same images are asked in each session, so
/// the interval of a share (top1_low, ...) is no error of its history.
std::vector<History> read_histories(SQLite::Database& sqlite, Select condition,
                                    const std::vector<std::string>& metrics, const std::string& today);

/// Its points, for change_points.h.
std::vector<HistoryPoint> points_of(const History& history);

}  // namespace bitsweep
