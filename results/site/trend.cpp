#include "results/site/trend.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <xxhash.h>

#include "results/change_points.h"
#include "results/night.h"

namespace bitsweep {
namespace {

constexpr std::string_view opening = "bitsweep.trend(", closing = ");\n";
constexpr double none = std::numeric_limits<double>::quiet_NaN();

size_t column_of(const std::string& name) {
  const auto& columns = trend_columns();
  return static_cast<size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
}

/// Writes text of JSON.
class Writer {
 public:
  template <class Value>
  void number(const Value& value) {
    if constexpr (std::is_floating_point_v<Value>)
      if (!std::isfinite(value)) return word("null");
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  void word(std::string_view word) { text_.append(word.data(), word.data() + word.size()); }
  void text(const std::string& words) {
    word(nlohmann::json(words).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  /// "[one,other,...]"
  template <class Values, class Write>
  void list(const Values& values, const Write& write) {
    const char* separator = "[";
    for (const auto& value : values) {
      word(separator);
      write(value);
      separator = ",";
    }
    word(*separator == '[' ? "[]" : "]");
  }
  std::string result() const { return fmt::to_string(text_); }

 private:
  fmt::memory_buffer text_;
};

/// A column: all values, or the one value that all points have.
void write_column(Writer& writer, const Trend& trend, size_t column) {
  const double first = trend.points.front().values[column];
  if (std::all_of(trend.points.begin(), trend.points.end(),
                  [&](const TrendPoint& point) { return point.values[column] == first; }))
    return writer.number(first);
  writer.list(trend.points, [&](const TrendPoint& point) { writer.number(point.values[column]); });
}

bool is_empty(const Trend& trend, size_t column) {
  return std::all_of(trend.points.begin(), trend.points.end(),
                     [&](const TrendPoint& point) { return std::isnan(point.values[column]); });
}

void write_metric(Writer& writer, const Trend& trend, const TrendMetric& metric) {
  const size_t column = column_of(metric.name);
  writer.word("{\"name\":");
  writer.text(metric.name);
  writer.word(",\"unit\":");
  writer.text(trend.units[column].unit);
  writer.word(",\"direction\":");
  writer.text(to_text(trend.units[column].direction));
  for (const auto& [what, name] : {std::pair{"values", metric.name}, {"low", metric.low}, {"high", metric.high}}) {
    const size_t part = column_of(name);
    if (part == trend_columns().size() || is_empty(trend, part)) continue;
    writer.word(fmt::format(",\"{}\":", what));
    write_column(writer, trend, part);
  }
  writer.word(",\"changes\":");
  writer.list(changes_of(trend, column), [&](const TrendChange& change) {
    writer.word(fmt::format("[{},{},{}]", change.point, change.before, change.after));
  });
  writer.word("}");
}

/// "[[0,3],[17,4]]": from point 0 on it is 3, from point 17 on 4.
template <class Member>
void write_stretches(Writer& writer, const Trend& trend, const Member& member) {
  std::vector<std::pair<size_t, int64_t>> stretches;
  for (size_t i = 0; i < trend.points.size(); ++i)
    if (i == 0 || member(trend.points[i]) != stretches.back().second)
      stretches.emplace_back(i, member(trend.points[i]));
  writer.list(stretches, [&](const auto& stretch) {
    writer.word(fmt::format("[{},{}]", stretch.first, stretch.second));
  });
}

/// Sets member(point) of each point from such a list.
template <class Set>
void read_stretches(const nlohmann::json& list, Trend& trend, const Set& set) {
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t end = i + 1 < list.size() ? list[i + 1].at(0).get<size_t>() : trend.points.size();
    for (size_t point = list[i].at(0); point < end; ++point) set(trend.points.at(point), list[i].at(1).get<int64_t>());
  }
}

void read_column(const nlohmann::json& column, Trend& trend, size_t place) {
  const auto number = [](const nlohmann::json& value) { return value.is_number() ? value.get<double>() : none; };
  for (size_t i = 0; i < trend.points.size(); ++i)
    trend.points[i].values[place] = number(column.is_array() ? column.at(i) : column);
}

}  // namespace

const std::vector<TrendMetric>& trend_metrics() {
  static const std::vector<TrendMetric> list = [] {
    std::vector<TrendMetric> metrics;
    for (const auto& [name, threshold] : usual_thresholds())
      metrics.push_back({name, name + "_low", name + "_high"});
    return metrics;
  }();
  return list;
}

const std::vector<std::string>& trend_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> columns;
    for (const TrendMetric& metric : trend_metrics())
      columns.insert(columns.end(), {metric.name, metric.low, metric.high});
    return columns;
  }();
  return names;
}

HistoryPoint history_point(const Trend& trend, size_t point, size_t column) {
  static const size_t latency = column_of("latency_p50"), throughput = column_of("throughput");
  const std::vector<double>& values = trend.points[point].values;
  const double value = values[column], median = values[latency], low = values[latency + 1], high = values[latency + 2];
  if ((column != latency && column != throughput) || !std::isfinite(median) || !std::isfinite(low) || !std::isfinite(high))
    return {value, 0};
  if (trend.units[column].direction == Direction::lower_is_better)
    return history_point(value, {value * low / median, value * high / median});
  return history_point(value, {value * median / high, value * median / low});
}

std::vector<TrendChange> changes_of(const Trend& trend, size_t column) {
  std::vector<HistoryPoint> history;
  std::vector<size_t> places;
  bool constant = true;
  for (size_t i = 0; i < trend.points.size(); ++i) {
    const HistoryPoint point = history_point(trend, i, column);
    if (!std::isfinite(point.value)) continue;
    constant &= history.empty() || point.value == history.front().value;
    history.push_back(point);
    places.push_back(i);
  }
  std::vector<TrendChange> changes;
  if (constant) return changes;
  ChangePointCriteria criteria;
  criteria.significance = significance_of_looks;
  for (const ChangePoint& change : find_change_points(history, criteria).change_points)
    changes.push_back({places[static_cast<size_t>(change.index)], change.before, change.after});
  return changes;
}

std::string trend_key(const std::string& run_id, const std::string& machine_class) {
  const std::string whole = run_id + " " + machine_class;
  return fmt::format("{:016x}", XXH3_64bits(whole.data(), whole.size()));
}

std::string to_script(const Trend& trend) {
  Writer writer;
  writer.word(opening);
  writer.word("{\"key\":");
  writer.text(trend.key);
  writer.word(",\"sessions\":");
  writer.list(trend.points, [&](const TrendPoint& point) { writer.number(point.session); });
  writer.word(",\"machines\":");
  write_stretches(writer, trend, [](const TrendPoint& point) { return point.machine; });
  writer.word(",\"software\":");
  write_stretches(writer, trend, [](const TrendPoint& point) { return point.software; });
  writer.word(",\"outcomes\":");
  write_stretches(writer, trend, [](const TrendPoint& point) { return static_cast<int64_t>(point.outcome); });
  writer.word(",\"metrics\":");
  std::vector<TrendMetric> shown;
  for (const TrendMetric& metric : trend_metrics())
    if (!is_empty(trend, column_of(metric.name))) shown.push_back(metric);
  writer.list(shown, [&](const TrendMetric& metric) { write_metric(writer, trend, metric); });
  writer.word("}");
  writer.word(closing);
  return writer.result();
}

Trend read_trend(std::string_view script) {
  if (script.substr(0, opening.size()) != opening || script.size() < opening.size() + closing.size())
    throw std::invalid_argument("this is no trend");
  const auto data = nlohmann::json::parse(script.substr(opening.size(), script.size() - opening.size() - closing.size()));
  Trend trend;
  trend.key = data.at("key");
  trend.units.resize(trend_columns().size());
  for (const nlohmann::json& session : data.at("sessions")) {
    TrendPoint& point = trend.points.emplace_back();
    point.session = session;
    point.values.assign(trend_columns().size(), none);
  }
  read_stretches(data.at("machines"), trend, [](TrendPoint& point, int64_t id) { point.machine = id; });
  read_stretches(data.at("software"), trend, [](TrendPoint& point, int64_t id) { point.software = id; });
  read_stretches(data.at("outcomes"), trend,
                 [](TrendPoint& point, int64_t outcome) { point.outcome = static_cast<Outcome>(outcome); });
  for (const nlohmann::json& metric : data.at("metrics")) {
    const std::string name = metric.at("name");
    for (const auto& [what, column] : {std::pair{"values", name}, {"low", name + "_low"}, {"high", name + "_high"}}) {
      const size_t place = column_of(column);
      if (!metric.contains(what) || place == trend_columns().size()) continue;
      trend.units[place].unit = metric.at("unit");
      parse_value(metric.at("direction").get<std::string>(), trend.units[place].direction);
      read_column(metric.at(what), trend, place);
    }
  }
  return trend;
}

}  // namespace bitsweep
