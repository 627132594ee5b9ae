#include "results/night.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/answers.h"
#include "results/change_points.h"
#include "results/columns.h"
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

/// Where a run ran, for lookups; of a History or a Pair.
std::string place_of(const auto& of) {
  return of.run_id + " " + of.machine_class;
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
    read_again();
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

  /// Sessions that measured suspects of this one again.
  std::vector<int64_t> confirming_sessions() {
    SQLite::Statement found(
        sqlite_,
        "select id from sessions where confirms <> '' and confirms = (select identity from "
        "sessions where id = ?)");
    found.bind(1, night_.session);
    std::vector<int64_t> sessions;
    while (found.executeStep()) sessions.push_back(found.getColumn(0).getInt64());
    return sessions;
  }

  /// What they measured.
  void read_again() {
    const std::vector<int64_t> sessions = confirming_sessions();
    if (sessions.empty()) return;
    Select condition;
    condition.text = fmt::format("results.session in (select value from json_each({}))",
                                 condition.bind(nlohmann::json(sessions).dump()));
    for (History& history : read_histories(sqlite_, condition, metrics(), night_.started))
      again_[place_of(history)][history.metric] = history.sessions.back();
    condition.text =
        fmt::format("select results.run || ' ' || machines.class, outcome from {} where {} order by {}",
                    result_tables(), condition.text, session_order);
    for (const std::vector<Cell>& row : read_rows(sqlite_, condition).cells)
      outcome_again_[std::get<std::string>(row[0])] = std::get<std::string>(row[1]);
  }

  /// Whether a suspect has regressed by what was measured again, too.
  void judge_again(const History& history, SeriesHistory series, Finding& finding) {
    const std::string place = place_of(history);
    if (!finding.alarms() || finding.verdict.confirmed || outcome_again_.count(place) == 0) return;
    finding.again = Again::confirmed;
    const auto found = again_[place].find(history.metric);
    if (found == again_[place].end() || outcome_again_[place] != to_text(Outcome::ok)) return;
    const Measured& measured = found->second;
    finding.value_again = series.values.back() = measured.point.value;
    series.newest_error = measured.point.standard_error;
    const std::vector<bool> answers = read_answers(sqlite_, {measured.result})[measured.result].right;
    if (!series.answers.empty() && answers.size() == series.answers.back().size())
      series.answers.back() = answers;
    const SeriesVerdict verdict = bitsweep::judge(series, thresholds_.at(history.metric));
    if (verdict.judgement != Judgement::regressed || !verdict.worth_attention) finding.again = Again::refuted;
  }

  std::vector<std::string> metrics() const {
    std::vector<std::string> names;
    for (const auto& [metric, threshold] : thresholds_) names.push_back(metric);
    return names;
  }

  /// Of top1 the answers to the images of the newest result, see SeriesHistory.
  std::vector<std::vector<bool>> answers_of(const History& history) {
    if (history.metric != "top1") return {};
    std::vector<int64_t> sessions;
    const size_t count = history.sessions.size();
    for (size_t i = count - std::min(count, window); i < count; ++i)
      sessions.push_back(history.sessions[i].session);
    std::map<int64_t, Answers> found = read_answers(sqlite_, history.run_id, sessions);
    const Answers newest = found[sessions.back()];
    std::vector<std::vector<bool>> answers;
    for (const Measured& measured : history.sessions) {
      const Answers& these = found[measured.session];
      const bool same = these.data_hash == newest.data_hash && these.right.size() == newest.right.size();
      answers.push_back(same ? these.right : std::vector<bool>());
    }
    return answers;
  }

  void judge_series(const History& history, std::vector<size_t> level_starts) {
    SeriesHistory series = series_of(history, std::move(level_starts));
    series.answers = answers_of(history);
    const SeriesVerdict verdict = bitsweep::judge(series, thresholds_.at(history.metric));
    ++night_.judged;
    if (verdict.judgement == Judgement::unknown) ++night_.unknown;
    if (verdict.judgement == Judgement::steady) ++night_.steady;
    const bool changed =
        verdict.judgement == Judgement::regressed || verdict.judgement == Judgement::improved;
    if (!changed && !verdict.recovered) return;
    Finding finding;
    finding.run = history.run;
    finding.run_id = history.run_id;
    finding.machine_class = history.machine_class;
    finding.metric = history.metric;
    finding.unit = history.unit;
    finding.direction = history.direction;
    finding.verdict = verdict;
    finding.since_session = history.sessions[verdict.since].session;
    if (verdict.since > 0) {
      finding.before_session = history.sessions[verdict.since - 1].session;
      finding.why = differences(circumstances_.read(result_of(finding.before_session, history.run_id)),
                                circumstances_.read(result_of(finding.since_session, history.run_id)));
    }
    if (changed) changed_.insert(place_of(history));
    judge_again(history, std::move(series), finding);
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
    const Result before = circumstances_.read(pair.before), after = circumstances_.read(pair.after);
    if (before.outcome != after.outcome) {
      OutcomeChange change{pair.run,
                           pair.run_id,
                           pair.machine_class,
                           to_text(before.outcome),
                           to_text(after.outcome),
                           after.reason,
                           before.outcome == Outcome::ok,
                           pair.session_before};
      if (const auto again = outcome_again_.find(place_of(pair)); again != outcome_again_.end())
        change.again = again->second == to_text(Outcome::ok) ? Again::refuted : Again::confirmed;
      night_.outcomes.push_back(std::move(change));
      return;
    }
    if (after.outcome != Outcome::ok || changed_.count(place_of(pair)) > 0) return;
    std::vector<std::string> what = differences_but_time(before, after);
    if (!what.empty()) night_.silent.push_back({pair.run, pair.run_id, pair.session_before, std::move(what)});
  }

  SQLite::Database& sqlite_;
  CircumstancesReader circumstances_;
  const std::map<std::string, Threshold>& thresholds_;
  Night night_;
  std::set<std::string> changed_;  ///< runs with findings, by id and machine class
  /// Of what was measured again, by id of the run and machine class: metric → value, and the outcome.
  std::map<std::string, std::map<std::string, Measured>> again_;
  std::map<std::string, std::string> outcome_again_;
};

}  // namespace

bool Finding::alarms() const {
  return verdict.judgement == Judgement::regressed && verdict.worth_attention && again != Again::refuted;
}

bool Night::has_regressed() const {
  const auto alarms = [](const auto& one) { return one.alarms(); };
  return std::any_of(findings.begin(), findings.end(), alarms) ||
         std::any_of(outcomes.begin(), outcomes.end(), alarms);
}

std::vector<std::string> suspects(const Night& night) {
  std::set<std::string> runs;
  for (const Finding& finding : night.findings)
    if (finding.alarms() && !finding.verdict.confirmed) runs.insert(finding.run_id);
  for (const OutcomeChange& change : night.outcomes)
    if (change.alarms()) runs.insert(change.run_id);
  return {runs.begin(), runs.end()};
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
