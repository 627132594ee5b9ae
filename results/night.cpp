#include "results/night.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "harness/error.h"
#include "results/change_points.h"
#include "results/database.h"
#include "results/differences.h"
#include "results/result_reader.h"

namespace bitsweep {
namespace {

/// A series with the sessions and results that its values come from.
struct Series {
  std::string run, run_id, machine_class, metric, unit;
  SeriesHistory history;
  std::vector<int64_t> sessions, results;  ///< of each value
};

/// A result of a run in the night, and the one before it.
struct Pair {
  std::string run, run_id, machine_class;
  int64_t session_before = 0, before = 0, after = 0;
};

std::string place_of_run(const Pair& pair) {
  return pair.run_id + " " + pair.machine_class;
}

/// Where new levels begin, ascending.
std::vector<size_t> level_starts(const std::vector<double>& values) {
  std::vector<HistoryPoint> points;
  for (const double value : values) points.push_back({value, 0});
  std::vector<size_t> starts;
  // Judged after each session: without the stricter bound one of eight quiet histories would change within
  // 100.
  ChangePointCriteria criteria;
  criteria.significance = significance_of_looks;
  for (const ChangePoint& change : find_change_points(points, criteria).change_points)
    starts.push_back(static_cast<size_t>(change.index));
  return starts;
}

class Judging {
 public:
  Judging(SQLite::Database& sqlite, const std::map<std::string, Threshold>& thresholds)
      : sqlite_(sqlite), thresholds_(thresholds) {}

  Night judge(const std::string& experiment, int64_t session) {
    find_session(experiment, session);
    for (const Series& series : read_series()) judge_series(series);
    for (const Pair& pair : read_pairs()) compare(pair);
    std::stable_sort(night_.findings.begin(), night_.findings.end(),
                     [](const auto& one, const auto& other) { return weight(one) > weight(other); });
    return std::move(night_);
  }

 private:
  static std::tuple<bool, bool, double> weight(const Finding& finding) {
    const SeriesVerdict& verdict = finding.verdict;
    return {verdict.worth_attention, verdict.judgement == Judgement::regressed, std::abs(verdict.change)};
  }

  void find_session(const std::string& experiment, int64_t session) {
    SQLite::Statement found(
        sqlite_,
        "select sessions.id, sessions.started, (select planned from executions where session = sessions.id "
        "order by id desc limit 1), (select count(*) from results where session = sessions.id) from sessions "
        "where experiment = ?1 and (?2 = 0 or id = ?2) order by id desc limit 1");
    found.bind(1, experiment);
    found.bind(2, session);
    if (!found.executeStep())
      throw Error(
          session == 0
              ? fmt::format("there is no session of '{}'; `bitsweep query --columns experiment,session` "
                            "shows what there is",
                            experiment)
              : fmt::format("session {} is none of '{}'", session, experiment));
    night_.session = found.getColumn(0).getInt64();
    night_.experiment = experiment;
    night_.started = found.getColumn(1).getString();
    night_.planned = found.getColumn(2).getInt64();
    night_.present = found.getColumn(3).getInt64();
  }

  /// Of the series that have a value in the night, all values up to then.
  std::vector<Series> read_series() {
    SQLite::Statement found(
        sqlite_,
        "select canonical, results.run, own.class, metrics.name, unit, direction, value, results.session, "
        "results.id, coalesce((select max(accepted.session) from accepted where accepted.run = results.run "
        "and "
        "accepted.metric = metrics.name and (until is null or until >= ?3)), 0) "
        "from results as tonight join machines as own on own.id = tonight.machine "
        "join results on results.run = tonight.run join sessions on sessions.id = results.session "
        "join machines as its on its.id = results.machine and its.class = own.class "
        "join runs on runs.id = results.run join metrics on metrics.result = results.id "
        "where tonight.session = ?1 and tonight.outcome = 'ok' and experiment = ?2 and results.outcome = "
        "'ok' and "
        "results.session <= ?1 and value is not null order by results.run, metrics.name, results.session");
    found.bind(1, night_.session);
    found.bind(2, night_.experiment);
    found.bind(3, night_.started);
    std::vector<Series> all;
    while (found.executeStep()) {
      const auto text = [&](int column) { return found.getColumn(column).getString(); };
      if (thresholds_.count(text(3)) == 0) continue;
      if (all.empty() || all.back().run_id != text(1) || all.back().metric != text(3)) {
        all.push_back({text(0), text(1), text(2), text(3), text(4), {}, {}, {}});
        parse_value(text(5), all.back().history.direction);
      }
      Series& series = all.back();
      const int64_t session = found.getColumn(7).getInt64();
      if (session < found.getColumn(9).getInt64()) series.history.accepted = series.history.values.size() + 1;
      series.history.values.push_back(found.getColumn(6).getDouble());
      series.sessions.push_back(session);
      series.results.push_back(found.getColumn(8).getInt64());
    }
    std::erase_if(all, [&](const Series& series) { return series.sessions.back() != night_.session; });
    return all;
  }

  void judge_series(Series series) {
    series.history.level_starts = level_starts(series.history.values);
    const SeriesVerdict verdict = bitsweep::judge(series.history, thresholds_.at(series.metric));
    ++night_.judged;
    if (verdict.judgement == Judgement::unknown) ++night_.unknown;
    if (verdict.judgement == Judgement::steady) ++night_.steady;
    const bool changed =
        verdict.judgement == Judgement::regressed || verdict.judgement == Judgement::improved;
    if (!changed && !verdict.recovered) return;
    Finding finding{series.run,
                    series.run_id,
                    series.machine_class,
                    series.metric,
                    series.unit,
                    series.history.direction,
                    verdict,
                    series.sessions[verdict.since],
                    0,
                    {}};
    if (verdict.since > 0) {
      finding.before_session = series.sessions[verdict.since - 1];
      finding.why = differences(read_circumstances(sqlite_, series.results[verdict.since - 1]),
                                read_circumstances(sqlite_, series.results[verdict.since]));
    }
    if (changed) changed_.insert(series.run_id + " " + series.machine_class);
    night_.findings.push_back(std::move(finding));
  }

  /// Each result of the night with the latest one before it of the same run on a machine of the same class.
  std::vector<Pair> read_pairs() {
    SQLite::Statement found(
        sqlite_,
        "select canonical, tonight.run, own.class, before.session, before.id, tonight.id "
        "from results as tonight join machines as own on own.id = tonight.machine "
        "join runs on runs.id = tonight.run join results as before on before.id = "
        "(select other.id from results as other join machines as its on its.id = other.machine join sessions "
        "on "
        "sessions.id = other.session where other.run = tonight.run and other.session < tonight.session and "
        "experiment = ?2 and its.class = own.class order by other.session desc limit 1) "
        "where tonight.session = ?1 order by tonight.id");
    found.bind(1, night_.session);
    found.bind(2, night_.experiment);
    std::vector<Pair> pairs;
    while (found.executeStep())
      pairs.push_back({found.getColumn(0).getString(), found.getColumn(1).getString(),
                       found.getColumn(2).getString(), found.getColumn(3).getInt64(),
                       found.getColumn(4).getInt64(), found.getColumn(5).getInt64()});
    return pairs;
  }

  void compare(const Pair& pair) {
    const Result before = read_circumstances(sqlite_, pair.before),
                 after = read_circumstances(sqlite_, pair.after);
    if (before.outcome != after.outcome) {
      night_.outcomes.push_back({pair.run, pair.run_id, pair.machine_class, to_text(before.outcome),
                                 to_text(after.outcome), after.reason, before.outcome == Outcome::ok,
                                 pair.session_before});
      return;
    }
    if (after.outcome != Outcome::ok || changed_.count(place_of_run(pair)) > 0) return;
    std::vector<std::string> what = differences_but_time(before, after);
    if (!what.empty()) night_.silent.push_back({pair.run, pair.run_id, pair.session_before, std::move(what)});
  }

  SQLite::Database& sqlite_;
  const std::map<std::string, Threshold>& thresholds_;
  Night night_;
  std::set<std::string> changed_;  ///< runs with findings
};

}  // namespace

bool Night::has_regressed() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) {
                       return finding.verdict.judgement == Judgement::regressed &&
                              finding.verdict.worth_attention;
                     }) ||
         std::any_of(outcomes.begin(), outcomes.end(),
                     [](const OutcomeChange& change) { return change.regressed; });
}

const std::map<std::string, Threshold>& usual_thresholds() {
  static const std::map<std::string, Threshold> table = {
      {"latency_p50", {0.03, false}},  {"throughput", {0.03, false}},
      {"top1", {0.5, true}},           {"top5", {0.5, true}},
      {"sqnr", {0.05, false}},         {"weight_bytes", {0.01, false}},
      {"prepare_time", {0.25, false}}, {"activation_bytes", {0.01, false}}};
  return table;
}

Night judge_night(const std::string& database, const std::string& experiment, int64_t session,
                  const std::map<std::string, Threshold>& thresholds) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    return Judging(sqlite, thresholds).judge(experiment, session);
  });
}

}  // namespace bitsweep
