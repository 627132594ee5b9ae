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
struct CurveMetric {
  std::string name, low, high;
};
/// Those that are judged; see usual_thresholds() in results/night.h.
const std::vector<CurveMetric>& curve_metrics();

/// Names of all metrics that curve_metrics() speaks of: the columns of a curve.
const std::vector<std::string>& curve_columns();

/// The column of a metric; those of the ends of its interval follow it.
size_t curve_column(const std::string& metric);

/// One result, without its values.
struct CurvePoint {
  int64_t session = 0, machine = 0, software = 0;  ///< ids of the database
  int64_t result = 0;                              ///< likewise; 0: it was read from a text
  Outcome outcome = Outcome::ok;
};

/// Unit and direction of a column, as results have them.
struct CurveUnit {
  std::string unit;
  Direction direction = Direction::neutral;
};

/// Where the level of a metric changed.
struct CurveChange {
  size_t point = 0;  ///< the first of the new level
  double before = 0, after = 0;
};

struct Curve {
  std::string key;                 ///< names it in files and links
  std::vector<CurvePoint> points;  ///< the oldest session first
  std::vector<CurveUnit> units;    ///< one a column
  std::vector<std::vector<double>>
      values;  ///< [column][point]; NaN: none. Of a result that is not ok there are none
  std::vector<std::vector<CurveChange>> changes;  ///< one a column; see find_changes()
};

/// A value of a column with its standard error, as read_histories() in results/history.h gives it where the
/// interval was stored.
HistoryPoint history_point(const Curve& curve, size_t point, size_t column);

/// Finds the changes of all metrics, as the verdict of a night sees them (results/verdict.h).
void find_changes(Curve& curve);

/// Adds a result with its values, one a column.
void add_point(Curve& curve, const CurvePoint& point, const std::vector<double>& values);

/// Puts the points of another curve behind its own.
void append(Curve& curve, const Curve& more);

/// Sorts the points by what `place` gives for their sessions.
void sort_points(Curve& curve, const std::function<size_t(int64_t session)>& place);

/// A name for files and links that is made of letters and digits whatever the run is called.
std::string series_key(const std::string& run_id, const std::string& machine_class);

/// A line of JavaScript that hands the curve to the page. No digit is lost.
std::string to_script(const Curve& curve);

/// The curve of such a line. Throws std::exception if it is none.
Curve read_curve(std::string_view script);

}  // namespace bitsweep
