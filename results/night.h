// What a session says against the history of its series: the data behind the morning's page.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/units.h"
#include "results/history.h"
#include "results/verdict.h"

namespace bitsweep {

/// What came out when a suspect was measured again (`nightly --confirm`).
enum class Again {
  not_done,
  confirmed,  ///< it has regressed by that value, too, or did not end ok
  refuted,    ///< it has not
};

/// A series whose newest value is not what it was.
struct Finding {
  std::string run;  ///< its canonical text
  std::string run_id;
  std::string machine_class, metric, unit;
  Direction direction = Direction::neutral;
  SeriesVerdict verdict;
  int64_t since_session = 0;     ///< the first of the present level
  int64_t before_session = 0;    ///< the last of the level before it
  std::vector<std::string> why;  ///< see differences.h
  Again again = Again::not_done;
  std::optional<double> value_again;  ///< none if it did not end ok

  /// Regressed, worth attention and not refuted.
  bool alarms() const;
};

/// A run that ended otherwise than in the session before.
struct OutcomeChange {
  std::string run, run_id, machine_class;
  std::string before, after;  ///< outcomes
  std::string reason;         ///< of the present one, if it is not ok
  bool regressed = false;     ///< it was ok and is not
  int64_t before_session = 0;
  Again again = Again::not_done;

  /// Regressed and not refuted.
  bool alarms() const { return regressed && again != Again::refuted; }
};

/// A run that is as good as it was by all metrics, and yet not the same.
struct SilentChange {
  std::string run, run_id;
  int64_t before_session = 0;
  std::vector<std::string> what;
};

struct Night {
  int64_t session = 0;
  std::string experiment, started;
  int64_t planned = 0, present = 0;             ///< runs of the session
  int64_t judged = 0, steady = 0, unknown = 0;  ///< series
  std::vector<Finding> findings;  ///< regressed, improved and recovered; what is worth attention first
  std::vector<OutcomeChange> outcomes;
  std::vector<SilentChange> silent;

  /// A regression that is worth attention, or a run that was ok and is not, unless measuring again refuted
  /// it.
  bool has_regressed() const;
};

/// The ids of the runs that alarm by this session alone, and so may do so by chance: worth measuring again.
std::vector<std::string> suspects(const Night& night);

/// Thresholds of the metrics that are judged where an experiment gives none.
const std::map<std::string, Threshold>& usual_thresholds();

/// Judges the latest session of an experiment, or session `session` if that is not 0, against the sessions of
/// the experiment before it. A suspect that a session measured again which confirms this one is judged by
/// that value, too.
///   thresholds  metric → threshold: these metrics are judged, and no others
/// Throws Error if there is no such session.
Night judge_night(const std::string& database, const std::string& experiment, int64_t session,
                  const std::map<std::string, Threshold>& thresholds);

/// Histories that a caller keeps, as reading them all takes long.
struct KeptHistories {
  /// Takes a history, and where its levels begin if that is known.
  using Take = std::function<void(const History&, const std::optional<std::vector<size_t>>& level_starts)>;

  std::set<std::string> metrics;
  /// Gives those of the series that ended ok in a session, up to it, as far as they have a value in it. Of a
  /// measured value only its session and point are needed. `started`: the beginning of that session.
  std::function<void(int64_t session, const std::string& started, const Take& take)> each;
};

/// The same; histories of other metrics are read.
Night judge_night(SQLite::Database& sqlite, const std::string& experiment, int64_t session,
                  const std::map<std::string, Threshold>& thresholds, const KeptHistories& kept);

}  // namespace bitsweep
