#include "results/history.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/statistics.h"
#include "results/columns.h"
#include "results/rounds.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

bool is_time(const std::string& metric) {
  return metric == "latency_p50" || metric == "throughput";
}

void set_interval(const History& history, Measured& measured, const Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high) || interval.low > interval.high) return;
  measured.interval = interval;
  if (is_time(history.metric)) measured.point = history_point(measured.point.value, interval);
}

/// The value of another metric of the result, named in SQL.
std::string value_of(const std::string& name) {
  return fmt::format(
      "(select value from metric_values where result = results.id and metric in (select id from metric_names "
      "where name = {}))",
      name);
}

class Reading {
 public:
  explicit Reading(SQLite::Database& sqlite) : sqlite_(sqlite) {}

  std::vector<History> read(const Select& select) {
    for (const std::vector<Cell>& row : read_rows(sqlite_, select).cells) take(row);
    take_samples();
    return std::move(histories_);
  }

 private:
  void take(const std::vector<Cell>& row) {
    const auto text = [&](size_t column) { return std::get<std::string>(row[column]); };
    const auto number = [&](size_t column) { return std::get<double>(row[column]); };
    const auto is_there = [&](size_t column) { return std::holds_alternative<double>(row[column]); };
    if (!std::isfinite(number(7))) return;
    History* history = histories_.empty() ? nullptr : &histories_.back();
    if (history == nullptr || std::tie(history->experiment, history->run_id, history->machine_class,
                                       history->metric) != std::tuple(text(0), text(2), text(3), text(4))) {
      history =
          &histories_.emplace_back(History{text(0), text(1), text(2), text(3), text(4), text(5), {}, {}});
      parse_value(text(6), history->direction);
    }
    Measured& measured = history->sessions.emplace_back();
    measured.session = std::get<int64_t>(row[8]);
    measured.started = text(9);
    measured.result = std::get<int64_t>(row[10]);
    measured.point.value = number(7);
    measured.interval = {number(7), number(7)};
    if (std::get<int64_t>(row[14]) != 0) history->accepted = history->sessions.size();
    if (is_there(11) && is_there(12) && (!is_time(history->metric) || is_there(13)))
      set_interval(*history, measured,
                   is_time(history->metric)
                       ? interval_of(history->direction, number(7), {number(13), {number(11), number(12)}})
                       : Interval{number(11), number(12)});
    else if (is_time(history->metric))
      without_interval_.push_back(measured.result);
  }

  /// Intervals from raw samples, where none were stored: of several streams, and of older results.
  void take_samples() {
    if (without_interval_.empty()) return;
    const auto rounds = read_round_medians(sqlite_, without_interval_);
    for (History& history : histories_)
      for (Measured& measured : history.sessions) {
        const auto found = rounds.find(measured.result);
        if (found == rounds.end() || !is_time(history.metric)) continue;
        const MedianTime time{median(found->second), median_interval(found->second)};
        set_interval(history, measured, interval_of(history.direction, measured.point.value, time));
      }
  }

  SQLite::Database& sqlite_;
  std::vector<History> histories_;
  std::vector<int64_t> without_interval_;  ///< results
};

}  // namespace

Interval interval_of(Direction direction, double value, const MedianTime& time) {
  if (direction == Direction::lower_is_better)
    return {value * time.interval.low / time.value, value * time.interval.high / time.value};
  return {value * time.value / time.interval.high, value * time.value / time.interval.low};
}

std::vector<History> read_histories(SQLite::Database& sqlite, Select condition,
                                    const std::vector<std::string>& metrics, const std::string& today) {
  const std::string names = condition.bind(nlohmann::json(metrics).dump()), day = condition.bind(today);
  const std::string is_time = "metrics.name in ('latency_p50', 'throughput')";
  const auto end = [&](const char* which) {
    return value_of(fmt::format("iif({0}, 'latency_p50_{1}', metrics.name || '_{1}')", is_time, which));
  };
  condition.text = fmt::format(
      "select sessions.experiment, canonical, results.run, machines.class, metrics.name, metrics.unit, "
      "metrics.direction, metrics.value, results.session, sessions.started, results.id, {}, {}, {}, "
      "exists (select 1 from accepted join sessions as since on since.id = accepted.session "
      "where accepted.run = results.run and accepted.metric = metrics.name and (until is null or until >= "
      "{}) "
      "and since.started <= {} and (since.started, since.id) > ({})) "
      "from {} join metrics on metrics.result = results.id where outcome = 'ok' and metrics.value is not "
      "null "
      "and metrics.name in (select value from json_each({})) and {} "
      "order by sessions.experiment, results.run, machines.class, metrics.name, {}",
      end("low"), end("high"), value_of("'latency_p50'"), day, day, session_order, result_tables(), names,
      condition.text, session_order);
  return Reading(sqlite).read(condition);
}

std::vector<HistoryPoint> points_of(const History& history) {
  std::vector<HistoryPoint> points;
  for (const Measured& measured : history.sessions) points.push_back(measured.point);
  return points;
}

}  // namespace bitsweep
