// How series went on from session to session, and where their level changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/history.h"
#include "results/query.h"

namespace bitsweep {

/// Where a new level begins.
struct Turn {
  size_t position = 0;  ///< of its first session
  double before = 0, after = 0;
  std::optional<Interval> difference;  ///< of after - before, at 95 %; Otava gives none
  double p_value = 1;
  std::vector<std::string> why;  ///< what differs between the sessions on both sides, see differences.h
};

struct Trend {
  History history;
  std::string shape;           ///< in a word or two, e.g. "level shift"
  std::vector<Turn> turns;     ///< in order
  std::vector<double> levels;  ///< [sessions]
};

enum class Method { own, otava };

/// The series of the results that a query takes, of all sessions unless it says otherwise; only its filters,
/// session and times count.
///   metrics  names; empty: latency_p50 (throughput of runs without it) and top1
/// Change points by change_points.h with its usual criteria, or as Apache Otava finds them, with its usual
/// options (see otava.h). Throws Error for an unknown metric with the known ones.
std::vector<Trend> read_trends(const std::string& database, const Query& query,
                               const std::vector<std::string>& metrics, Method method);

/// A row a session, for programs.
Rows trend_rows(const std::vector<Trend>& trends);

/// For people: of each series a heading, a table of its newest sessions (0: all) in `render`'s form, and its
/// changes.
///   markdown  whether the form is Markdown; else a chart stands beside the numbers
std::string trend_page(const std::vector<Trend>& trends, std::string (*render)(const Rows&), bool markdown,
                       size_t newest);

}  // namespace bitsweep
