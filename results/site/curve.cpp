#include "results/site/curve.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <xxhash.h>

#include "results/change_points.h"
#include "results/history.h"
#include "results/night.h"

namespace bitsweep {
namespace {

constexpr std::string_view opening = "bitsweep.trend(", between = "}, ", closing = ");\n";
constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Writes text of JSON.
class Writer {
 public:
  template <class Value>
  void number(const Value& value) {
    if constexpr (std::is_floating_point_v<Value>) {
      if (!std::isfinite(value)) return word("null");
      // Nanoseconds are whole most of the time; as such they are written several times as fast.
      if (std::abs(value) < 1e15 && value == std::trunc(value)) return number(static_cast<int64_t>(value));
    }
    if constexpr (std::is_integral_v<Value>) {
      const fmt::format_int digits(value);
      text_.append(digits.data(), digits.data() + digits.size());
    } else {
      fmt::format_to(std::back_inserter(text_), "{}", value);
    }
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

/// [one a point], or [value] if it is the same for all.
void write_column(Writer& writer, const std::vector<double>& column) {
  const bool constant =
      std::all_of(column.begin(), column.end(), [&](double value) { return value == column.front(); });
  writer.list(std::span(column).first(constant ? 1 : column.size()),
              [&](double value) { writer.number(value); });
}

bool is_empty(const std::vector<double>& column) {
  return std::all_of(column.begin(), column.end(), [](double value) { return std::isnan(value); });
}

/// What is known of a metric; `columns` gets the numbers of the columns that are to be written.
void write_metric(Writer& writer, const Curve& curve, const CurveMetric& metric,
                  std::vector<size_t>& columns) {
  const size_t column = curve_column(metric.name);
  writer.word("{\"name\":");
  writer.text(metric.name);
  writer.word(",\"unit\":");
  writer.text(curve.units[column].unit);
  writer.word(",\"direction\":");
  writer.text(to_text(curve.units[column].direction));
  constexpr std::array<const char*, 3> parts = {"values", "low", "high"};
  for (size_t part = 0; part < parts.size(); ++part) {
    if (is_empty(curve.values[column + part])) continue;
    writer.word(fmt::format(",\"{}\":{}", parts[part], columns.size()));
    columns.push_back(column + part);
  }
  writer.word(",\"changes\":");
  writer.list(curve.changes[column], [&](const CurveChange& change) {
    writer.word(fmt::format("[{},{},{}]", change.point, change.before, change.after));
  });
  writer.word("}");
}

/// "[[0,3],[17,4]]": from point 0 on it is 3, from point 17 on 4.
template <class Member>
void write_stretches(Writer& writer, const Curve& curve, const Member& member) {
  std::vector<std::pair<size_t, int64_t>> stretches;
  for (size_t i = 0; i < curve.points.size(); ++i)
    if (i == 0 || member(curve.points[i]) != stretches.back().second)
      stretches.emplace_back(i, member(curve.points[i]));
  writer.list(stretches, [&](const auto& stretch) {
    writer.word(fmt::format("[{},{}]", stretch.first, stretch.second));
  });
}

/// Sets member(point) of each point from such a list.
template <class Set>
void read_stretches(const nlohmann::json& list, Curve& curve, const Set& set) {
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t end = i + 1 < list.size() ? list[i + 1].at(0).get<size_t>() : curve.points.size();
    for (size_t point = list[i].at(0); point < end; ++point)
      set(curve.points.at(point), list[i].at(1).get<int64_t>());
  }
}

/// Reads what write_column() wrote from the beginning of `text`, which is shortened by it.
std::vector<double> read_column(std::string_view& text, size_t points) {
  std::vector<double> column;
  column.reserve(points);
  const auto take = [&](std::string_view word) {
    const bool is_there = text.substr(0, word.size()) == word;
    if (is_there) text.remove_prefix(word.size());
    return is_there;
  };
  if (!take("[")) throw std::invalid_argument("this is no column");
  while (!take("]")) {
    double value = none;
    if (!take("null")) {
      const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (fault != std::errc()) throw std::invalid_argument("this is no number");
      text.remove_prefix(static_cast<size_t>(end - text.data()));
    }
    take(",");
    column.push_back(value);
  }
  if (column.size() == 1) column.assign(points, column.front());
  if (column.size() != points) throw std::invalid_argument("this is no column of so many points");
  return column;
}

}  // namespace

const std::vector<CurveMetric>& curve_metrics() {
  static const std::vector<CurveMetric> list = [] {
    std::vector<CurveMetric> metrics;
    for (const auto& [name, threshold] : usual_thresholds())
      metrics.push_back({name, name + "_low", name + "_high"});
    return metrics;
  }();
  return list;
}

const std::vector<std::string>& curve_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> columns;
    for (const CurveMetric& metric : curve_metrics())
      columns.insert(columns.end(), {metric.name, metric.low, metric.high});
    return columns;
  }();
  return names;
}

size_t curve_column(const std::string& metric) {
  const auto& columns = curve_columns();
  return static_cast<size_t>(std::find(columns.begin(), columns.end(), metric) - columns.begin());
}

HistoryPoint history_point(const Curve& curve, size_t point, size_t column) {
  static const size_t latency = curve_column("latency_p50"), throughput = curve_column("throughput");
  const double value = curve.values[column][point], median = curve.values[latency][point],
               low = curve.values[latency + 1][point], high = curve.values[latency + 2][point];
  if ((column != latency && column != throughput) || !std::isfinite(median) || !std::isfinite(low) ||
      !std::isfinite(high))
    return {value, 0};
  return history_point(value, interval_of(curve.units[column].direction, value, {median, {low, high}}));
}

namespace {

std::vector<CurveChange> changes_of(const Curve& curve, size_t column) {
  std::vector<HistoryPoint> history;
  std::vector<size_t> places;
  bool constant = true;
  for (size_t i = 0; i < curve.points.size(); ++i) {
    const HistoryPoint point = history_point(curve, i, column);
    if (!std::isfinite(point.value)) continue;
    constant &= history.empty() || point.value == history.front().value;
    history.push_back(point);
    places.push_back(i);
  }
  std::vector<CurveChange> changes;
  if (constant) return changes;
  ChangePointCriteria criteria;
  criteria.significance = significance_of_looks;
  for (const ChangePoint& change : find_change_points(history, criteria).change_points)
    changes.push_back({places[static_cast<size_t>(change.index)], change.before, change.after});
  return changes;
}

}  // namespace

void find_changes(Curve& curve) {
  curve.changes.assign(curve_columns().size(), {});
  for (const CurveMetric& metric : curve_metrics()) {
    const size_t column = curve_column(metric.name);
    curve.changes[column] = changes_of(curve, column);
  }
}

void add_point(Curve& curve, const CurvePoint& point, const std::vector<double>& values) {
  curve.points.push_back(point);
  curve.values.resize(values.size());
  for (size_t column = 0; column < values.size(); ++column) curve.values[column].push_back(values[column]);
}

void append(Curve& curve, const Curve& more) {
  curve.points.insert(curve.points.end(), more.points.begin(), more.points.end());
  for (size_t column = 0; column < curve.values.size(); ++column)
    curve.values[column].insert(curve.values[column].end(), more.values[column].begin(),
                                more.values[column].end());
}

void sort_points(Curve& curve, const std::function<size_t(int64_t session)>& place) {
  std::vector<size_t> places, order(curve.points.size());
  for (const CurvePoint& point : curve.points) places.push_back(place(point.session));
  if (std::is_sorted(places.begin(), places.end())) return;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t one, size_t other) { return places[one] < places[other]; });
  const auto sorted = [&](const auto& list) {
    auto result = list;
    for (size_t i = 0; i < order.size(); ++i) result[i] = list[order[i]];
    return result;
  };
  curve.points = sorted(curve.points);
  for (std::vector<double>& column : curve.values) column = sorted(column);
}

std::string series_key(const std::string& run_id, const std::string& machine_class) {
  const std::string whole = run_id + " " + machine_class;
  return fmt::format("{:016x}", XXH3_64bits(whole.data(), whole.size()));
}

std::string to_script(const Curve& curve) {
  Writer writer;
  writer.word(opening);
  writer.word("{\"key\":");
  writer.text(curve.key);
  writer.word(",\"sessions\":");
  writer.list(curve.points, [&](const CurvePoint& point) { writer.number(point.session); });
  writer.word(",\"machines\":");
  write_stretches(writer, curve, [](const CurvePoint& point) { return point.machine; });
  writer.word(",\"software\":");
  write_stretches(writer, curve, [](const CurvePoint& point) { return point.software; });
  writer.word(",\"outcomes\":");
  write_stretches(writer, curve, [](const CurvePoint& point) { return static_cast<int64_t>(point.outcome); });
  writer.word(",\"metrics\":");
  std::vector<CurveMetric> shown;
  for (const CurveMetric& metric : curve_metrics())
    if (!is_empty(curve.values[curve_column(metric.name)])) shown.push_back(metric);
  std::vector<size_t> columns;
  writer.list(shown, [&](const CurveMetric& metric) { write_metric(writer, curve, metric, columns); });
  writer.word(between);
  writer.list(columns, [&](size_t column) { write_column(writer, curve.values[column]); });
  writer.word(closing);
  return writer.result();
}

Curve read_curve(std::string_view script) {
  if (script.substr(0, opening.size()) != opening || script.size() < opening.size() + closing.size())
    throw std::invalid_argument("this is no curve");
  const size_t end = script.rfind(between);
  const auto data = nlohmann::json::parse(script.substr(opening.size(), end + 1 - opening.size()));
  const size_t points = data.at("sessions").size();
  Curve curve;
  curve.key = data.at("key");
  curve.units.resize(curve_columns().size());
  curve.changes.resize(curve_columns().size());
  curve.values.assign(curve_columns().size(), std::vector<double>(points, none));
  for (const nlohmann::json& session : data.at("sessions")) curve.points.emplace_back().session = session;
  read_stretches(data.at("machines"), curve, [](CurvePoint& point, int64_t id) { point.machine = id; });
  read_stretches(data.at("software"), curve, [](CurvePoint& point, int64_t id) { point.software = id; });
  read_stretches(data.at("outcomes"), curve,
                 [](CurvePoint& point, int64_t outcome) { point.outcome = static_cast<Outcome>(outcome); });
  std::vector<std::vector<double>> columns;
  script.remove_prefix(end + between.size() + 1);
  while (!script.empty() && script.front() == '[') {
    columns.push_back(read_column(script, points));
    script.remove_prefix(1);  // "," or "]"
  }
  for (const nlohmann::json& metric : data.at("metrics")) {
    const size_t column = curve_column(metric.at("name"));
    if (column == curve_columns().size()) continue;
    curve.units[column].unit = metric.at("unit");
    parse_value(metric.at("direction").get<std::string>(), curve.units[column].direction);
    for (const nlohmann::json& change : metric.at("changes"))
      curve.changes[column].push_back({change.at(0), change.at(1), change.at(2)});
    for (const auto& [part, name] : {std::pair<size_t, const char*>{0, "values"}, {1, "low"}, {2, "high"}})
      if (metric.contains(name)) curve.values[column + part] = columns.at(metric.at(name));
  }
  return curve;
}

}  // namespace bitsweep
