#include "results/trend.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/table.h"
#include "results/columns.h"
#include "results/database.h"
#include "results/differences.h"
#include "results/level.h"
#include "results/moment.h"
#include "results/otava.h"
#include "results/quantity.h"
#include "results/render.h"
#include "results/result_reader.h"

namespace bitsweep {
namespace {

std::vector<double> values_of(const History& history) {
  std::vector<double> values;
  for (const Measured& measured : history.sessions) values.push_back(measured.point.value);
  return values;
}

void find_turns(Trend& trend) {
  const SeriesFindings found = find_change_points(points_of(trend.history));
  trend.shape = to_text(found.kind.shape);
  if (found.kind.drift_per_point != 0)
    trend.shape += fmt::format(" of {:+.2f} % a session",
                               100 * found.kind.drift_per_point / trend.history.sessions.back().point.value);
  for (const ChangePoint& point : found.change_points)
    trend.turns.push_back(
        {static_cast<size_t>(point.index), point.before, point.after, point.difference, point.p_value, {}});
}

void find_turns_as_otava(Trend& trend) {
  const std::vector<double> values = values_of(trend.history);
  trend.shape = "as Apache Otava finds it";
  for (const OtavaChangePoint& point : find_change_points_as_otava({values.begin(), values.end()}))
    trend.turns.push_back(
        {static_cast<size_t>(point.index), point.before, point.after, std::nullopt, point.p_value, {}});
}

/// The level at each session; without a change that of all.
std::vector<double> levels_of(const Trend& trend) {
  const std::vector<double> values = values_of(trend.history);
  if (trend.turns.empty())
    return std::vector<double>(values.size(), level_of(values, std::vector<double>(values.size(), 1)).value);
  std::vector<double> levels(values.size(), trend.turns.front().before);
  for (const Turn& turn : trend.turns)
    std::fill(levels.begin() + static_cast<std::ptrdiff_t>(turn.position), levels.end(), turn.after);
  return levels;
}

Trend trend_of(CircumstancesReader& circumstances, History history, Method method) {
  Trend trend{std::move(history), {}, {}, {}};
  method == Method::own ? find_turns(trend) : find_turns_as_otava(trend);
  trend.levels = levels_of(trend);
  for (Turn& turn : trend.turns)
    turn.why = differences(circumstances.read(trend.history.sessions.at(turn.position - 1).result),
                           circumstances.read(trend.history.sessions.at(turn.position).result));
  return trend;
}

void check_metrics(SQLite::Database& sqlite, const std::vector<std::string>& metrics) {
  std::vector<std::string> known;
  for (const auto& row :
       read_rows(sqlite, {"select distinct name from metric_names order by name", {}}).cells)
    known.push_back(std::get<std::string>(row[0]));
  for (const std::string& metric : metrics)
    if (std::find(known.begin(), known.end(), metric) == known.end())
      throw Error(unknown_name("metric", metric, known));
}

/// Throughput says nothing that latency, where there is one, does not.
void drop_throughput_beside_latency(std::vector<History>& histories) {
  const auto series = [](const History& history) {
    return std::tuple(history.experiment, history.run_id, history.machine_class);
  };
  std::set<std::tuple<std::string, std::string, std::string>> with_latency;
  for (const History& history : histories)
    if (history.metric == "latency_p50") with_latency.insert(series(history));
  std::erase_if(histories, [&](const History& history) {
    return history.metric == "throughput" && with_latency.count(series(history)) > 0;
  });
}

/// after / before - 1, if that is a number.
Cell share(double before, double difference) {
  if (before == 0) return {};
  return difference / std::abs(before);
}

std::string percent(double before, double difference) {
  return before == 0 ? "from 0" : fmt::format("{:+.1f} %", 100 * difference / std::abs(before));
}

/// "+40.0 % (+38.1 % to +42.2 %), p = 3e-05"
std::string size_text(const Turn& turn) {
  std::string text = percent(turn.before, turn.after - turn.before);
  if (turn.difference && turn.before != 0)
    text += fmt::format(" ({} to {})", percent(turn.before, turn.difference->low),
                        percent(turn.before, turn.difference->high));
  return text + fmt::format(", p = {:.1g}", turn.p_value);
}

const Turn* turn_at(const Trend& trend, size_t position) {
  for (const Turn& turn : trend.turns)
    if (turn.position == position) return &turn;
  return nullptr;
}

/// Draws values on a scale from the lowest to the highest.
class Chart {
 public:
  Chart(const Trend& trend, size_t first) {
    std::vector<double> shown(trend.levels.begin() + static_cast<std::ptrdiff_t>(first), trend.levels.end());
    for (size_t i = first; i < trend.history.sessions.size(); ++i)
      shown.push_back(trend.history.sessions[i].point.value);
    const auto [low, high] = std::minmax_element(shown.begin(), shown.end());
    low_ = *low;
    high_ = *high;
  }

  /// The interval as a line, the level as a bar, the value as a dot on both.
  std::string line(const Measured& measured, double level) const {
    std::vector<std::string> marks(width, " ");
    for (size_t i = place(measured.interval.low); i <= place(measured.interval.high); ++i) marks[i] = "─";
    marks[place(level)] = "│";
    marks[place(measured.point.value)] = "●";
    return fmt::format("{}", fmt::join(marks, ""));
  }

 private:
  static constexpr size_t width = 32;

  size_t place(double value) const {
    if (high_ == low_) return width / 2;
    const double share = std::clamp((value - low_) / (high_ - low_), 0.0, 1.0);
    return static_cast<size_t>(share * static_cast<double>(width - 1) + 0.5);
  }

  double low_ = 0, high_ = 0;
};

/// One series from session `first` on; a chart stands beside the numbers, if it is wanted.
Rows series_rows(const Trend& trend, size_t first, bool with_chart) {
  const History& history = trend.history;
  const std::string& unit = history.unit;
  Rows rows{{{"session", ""},
             {"started", ""},
             {history.metric, unit},
             {"low", unit},
             {"high", unit},
             {"level", unit},
             {"change", ""}},
            {}};
  if (with_chart) rows.headings.push_back({"", ""});
  const Chart chart(trend, first);
  for (size_t i = first; i < history.sessions.size(); ++i) {
    const Measured& measured = history.sessions[i];
    const Turn* const turn = turn_at(trend, i);
    rows.cells.push_back({measured.session, measured.started, measured.point.value, measured.interval.low,
                          measured.interval.high, trend.levels[i],
                          turn == nullptr ? "" : percent(turn->before, turn->after - turn->before)});
    if (with_chart) rows.cells.back().emplace_back(chart.line(measured, trend.levels[i]));
  }
  return rows;
}

}  // namespace

std::vector<Trend> read_trends(const std::string& database, const Query& query,
                               const std::vector<std::string>& metrics, Method method) {
  const auto now = std::chrono::system_clock::now();
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    check_metrics(sqlite, metrics);
    Query all = query;
    if (all.session.empty()) all.session = "all";
    Select condition;
    condition.text = result_conditions(all, known_columns(sqlite), sqlite, now, condition);
    std::vector<History> histories = read_histories(
        sqlite, condition,
        metrics.empty() ? std::vector<std::string>{"latency_p50", "throughput", "top1"} : metrics,
        parse_moment("0min", now).begin);
    if (metrics.empty()) drop_throughput_beside_latency(histories);
    CircumstancesReader circumstances(sqlite);
    std::vector<Trend> trends;
    for (History& history : histories) trends.push_back(trend_of(circumstances, std::move(history), method));
    return trends;
  });
}

Rows trend_rows(const std::vector<Trend>& trends) {
  Rows rows;
  for (const char* name :
       {"experiment", "id", "run", "machine", "metric", "unit", "session", "started", "value", "low", "high",
        "level", "shape", "before", "change", "change_low", "change_high", "p", "why"})
    rows.headings.push_back({name, ""});
  for (const Trend& trend : trends)
    for (size_t i = 0; i < trend.levels.size(); ++i) {
      const History& history = trend.history;
      const Measured& measured = history.sessions[i];
      auto& cells = rows.cells.emplace_back(std::vector<Cell>{
          history.experiment, history.run_id, history.run, history.machine_class, history.metric,
          history.unit, measured.session, measured.started, measured.point.value, measured.interval.low,
          measured.interval.high, trend.levels[i], trend.shape});
      if (const Turn* const turn = turn_at(trend, i)) {
        cells.insert(cells.end(), {turn->before, share(turn->before, turn->after - turn->before)});
        for (const double Interval::*end : {&Interval::low, &Interval::high})
          cells.push_back(turn->difference ? share(turn->before, *turn->difference.*end) : Cell());
        cells.insert(cells.end(), {turn->p_value, fmt::format("{}", fmt::join(turn->why, "; "))});
      }
      cells.resize(rows.headings.size());
    }
  return rows;
}

std::string trend_page(const std::vector<Trend>& trends, std::string (*render)(const Rows&), bool markdown,
                       size_t newest) {
  const auto words = [&](const std::string& text) { return markdown ? escaped_for_markdown(text) : text; };
  std::string page;
  for (const Trend& trend : trends) {
    const History& history = trend.history;
    const size_t count = history.sessions.size();
    const size_t first = newest == 0 || newest > count ? 0 : count - newest;
    page += fmt::format(
        "{}{}{}\n", page.empty() ? "" : "\n", markdown ? "### " : "",
        words(fmt::format("{}: {} of {} ({}) on {}: {} sessions, {}", history.experiment, history.metric,
                          history.run, history.run_id, history.machine_class, count, trend.shape)));
    if (markdown) page += "\n";
    page += render(series_rows(trend, first, !markdown));
    if (markdown && !trend.turns.empty()) page += "\n";
    for (const Turn& turn : trend.turns) {
      const auto value = [&](double number) { return readable(number, history.unit); };
      page +=
          fmt::format("{}{}\n", markdown ? "- " : "",
                      words(fmt::format("session {}: {} → {}, {}", history.sessions[turn.position].session,
                                        value(turn.before), value(turn.after), size_text(turn))));
      for (const std::string& sentence : turn.why)
        page += fmt::format("  {}{}\n", markdown ? "- " : "", words(sentence));
    }
  }
  return page;
}

}  // namespace bitsweep
