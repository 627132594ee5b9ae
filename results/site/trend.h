// How a run did from session to session on one class of machine: what a chart of the site shows. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/result.h"
#include "results/change_points.h"

namespace bitsweep {

/// A metric that the charts show, with the metrics that are the ends of its interval, if it has one.
struct TrendMetric {
  std::string name, low, high;
};
/// Those that are judged; see usual_thresholds() in results/night.h.
const std::vector<TrendMetric>& trend_metrics();

/// Names of all metrics that trend_metrics() speaks of: the columns of a trend.
const std::vector<std::string>& trend_columns();

/// The column of a metric; those of the ends of its interval follow it.
size_t trend_column(const std::string& metric);

/// One result, without its values.
struct TrendPoint {
  int64_t session = 0, machine = 0, software = 0;  ///< ids of the database
  int64_t result = 0;                              ///< likewise; 0: it was read from a text
  Outcome outcome = Outcome::ok;
};

/// Unit and direction of a column, as results have them.
struct TrendUnit {
  std::string unit;
  Direction direction = Direction::neutral;
};

/// Where the level of a metric changed.
struct TrendChange {
  size_t point = 0;  ///< the first of the new level
  double before = 0, after = 0;
};

struct Trend {
  std::string key;                 ///< names it in files and links
  std::vector<TrendPoint> points;  ///< the oldest session first
  std::vector<TrendUnit> units;    ///< one a column
  std::vector<std::vector<double>> values;  ///< [column][point]; NaN: none. Of a result that is not ok there are none
  std::vector<std::vector<TrendChange>> changes;  ///< one a column; see find_changes()
};

/// A value of a column with its standard error, as read_histories() in results/history.h gives it where the
/// interval was stored.
HistoryPoint history_point(const Trend& trend, size_t point, size_t column);

/// Finds the changes of all metrics, as the verdict of a night sees them (results/verdict.h).
void find_changes(Trend& trend);

/// Adds a result with its values, one a column.
void add_point(Trend& trend, const TrendPoint& point, const std::vector<double>& values);

/// Puts the points of another trend behind its own.
void append(Trend& trend, const Trend& more);

/// Sorts the points by what `place` gives for their sessions.
void sort_points(Trend& trend, const std::function<size_t(int64_t session)>& place);

/// A name for files and links that is made of letters and digits whatever the run is called.
std::string trend_key(const std::string& run_id, const std::string& machine_class);

/// A line of JavaScript that hands the trend to the page. No digit is lost.
std::string to_script(const Trend& trend);

/// The trend of such a line. Throws std::exception if it is none.
Trend read_trend(std::string_view script);

}  // namespace bitsweep
