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
#include "results/history.h"
#include "results/result_reader.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

/// A result of a run in the night, and the one before it.
struct Pair {
  std::string run, run_id, machine_class;
  int64_t session_before = 0, before = 0, after = 0;
};

std::string place_of_run(const Pair& pair) {
  return pair.run_id + " " + pair.machine_class;
}

/// Where new levels begin, ascending.
std::vector<size_t> level_starts_of(const History& history) {
  // Judged after each session: without the stricter bound one of eight quiet histories would change within
  // 100.
  ChangePointCriteria criteria;
  criteria.significance = significance_of_looks;
  std::vector<size_t> starts;
  for (const ChangePoint& change : find_change_points(points_of(history), criteria).change_points)
    starts.push_back(static_cast<size_t>(change.index));
  return starts;
}

SeriesHistory series_of(const History& history, std::vector<size_t> level_starts) {
  SeriesHistory series;
  for (const Measured& measured : history.sessions) series.values.push_back(measured.point.value);
  series.newest_error = history.sessions.back().point.standard_error;
  series.direction = history.direction;
  series.accepted = std::min(history.accepted, history.sessions.size() - 1);
  series.level_starts = std::move(level_starts);
  return series;
}

class Judging {
 public:
  Judging(SQLite::Database& sqlite, const std::map<std::string, Threshold>& thresholds)
      : sqlite_(sqlite), circumstances_(sqlite), thresholds_(thresholds) {}

  Night judge(const std::string& experiment, int64_t session, const KeptHistories& kept) {
    find_session(experiment, session);
    std::vector<std::string> others;
    for (const auto& [metric, threshold] : thresholds_)
      if (kept.metrics.count(metric) == 0) others.push_back(metric);
    if (kept.each)
      kept.each(night_.session, night_.started, [&](const History& history, const auto& level_starts) {
        if (thresholds_.count(history.metric) > 0)
          judge_series(history, level_starts ? *level_starts : level_starts_of(history));
      });
    if (!others.empty())
      for (const History& history : read_series(others)) judge_series(history, level_starts_of(history));
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
        "where experiment = ?1 and (?2 = 0 or id = ?2) order by started desc, id desc limit 1");
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
  std::vector<History> read_series(const std::vector<std::string>& metrics) {
    Select condition;
    const std::string experiment = condition.bind(night_.experiment),
                      started = condition.bind(night_.started), session = condition.bind(night_.session);
    condition.text = fmt::format(
        "sessions.experiment = {0} and ({3}) <= ({1}, {2}) and results.run in "
        "(select run from results where session = {2} and outcome = 'ok')",
        experiment, started, session, session_order);
    std::vector<History> all = read_histories(sqlite_, condition, metrics, night_.started);
    std::erase_if(all,
                  [&](const History& history) { return history.sessions.back().session != night_.session; });
    return all;
  }

  void judge_series(const History& history, std::vector<size_t> level_starts) {
    const SeriesVerdict verdict =
        bitsweep::judge(series_of(history, std::move(level_starts)), thresholds_.at(history.metric));
    ++night_.judged;
    if (verdict.judgement == Judgement::unknown) ++night_.unknown;
    if (verdict.judgement == Judgement::steady) ++night_.steady;
    const bool changed =
        verdict.judgement == Judgement::regressed || verdict.judgement == Judgement::improved;
    if (!changed && !verdict.recovered) return;
    Finding finding{history.run,
                    history.run_id,
                    history.machine_class,
                    history.metric,
                    history.unit,
                    history.direction,
                    verdict,
                    history.sessions[verdict.since].session,
                    0,
                    {}};
    if (verdict.since > 0) {
      finding.before_session = history.sessions[verdict.since - 1].session;
      finding.why = differences(circumstances_.read(result_of(finding.before_session, history.run_id)),
                                circumstances_.read(result_of(finding.since_session, history.run_id)));
    }
    if (changed) changed_.insert(history.run_id + " " + history.machine_class);
    night_.findings.push_back(std::move(finding));
  }

  int64_t result_of(int64_t session, const std::string& run_id) {
    SQLite::Statement found(sqlite_, "select id from results where session = ? and run = ?");
    found.bind(1, session);
    found.bind(2, run_id);
    found.executeStep();
    return found.getColumn(0).getInt64();
  }

  /// Each result of the night with the latest one before it of the same run on a machine of the same class.
  std::vector<Pair> read_pairs() {
    SQLite::Statement found(
        sqlite_,
        "select canonical, tonight.run, own.class, before.session, before.id, tonight.id "
        "from results as tonight join machines as own on own.id = tonight.machine "
        "join runs on runs.id = tonight.run join results as before on before.id = "
        // One step back in the index of sessions in most cases, however long the history is.
        "(select other.id from sessions cross join results as other on other.session = sessions.id and "
        "other.run = tonight.run join machines as its on its.id = other.machine where experiment = ?2 and "
        "its.class = own.class and (sessions.started, sessions.id) < (?3, ?1) "
        "order by sessions.started desc, sessions.id desc limit 1) "
        "where tonight.session = ?1 order by tonight.id");
    found.bind(1, night_.session);
    found.bind(2, night_.experiment);
    found.bind(3, night_.started);
    std::vector<Pair> pairs;
    while (found.executeStep())
      pairs.push_back({found.getColumn(0).getString(), found.getColumn(1).getString(),
                       found.getColumn(2).getString(), found.getColumn(3).getInt64(),
                       found.getColumn(4).getInt64(), found.getColumn(5).getInt64()});
    return pairs;
  }

  void compare(const Pair& pair) {
    const Result before = circumstances_.read(pair.before),
                 after = circumstances_.read(pair.after);
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
  CircumstancesReader circumstances_;
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
    return judge_night(sqlite, experiment, session, thresholds, {});
  });
}

Night judge_night(SQLite::Database& sqlite, const std::string& experiment, int64_t session,
                  const std::map<std::string, Threshold>& thresholds, const KeptHistories& kept) {
  return Judging(sqlite, thresholds).judge(experiment, session, kept);
}

}  // namespace bitsweep
