// What the detector of change points is worth: false alarms, power, error of the position and speed, as a
// table of targets. Series are made from fixed seeds.
//   change_point_targets             the table
//   change_point_targets --cases N     series and options on which Otava is held against the compatible mode,
//   N seeds
//                                      of each kind, as JSON
//   change_point_targets --compatible  reads such cases and prints what the compatible mode finds
//   change_point_targets --speed       the series of the rows on speed, as JSON
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "results/change_points.h"
#include "results/otava.h"
#include "tests/noise.h"

using namespace bitsweep;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int64_t trials = 1000;

SeriesFindings find(const std::vector<double>& values) {
  std::vector<HistoryPoint> points;
  for (const double value : values) points.push_back({value, 0});
  return find_change_points(points);
}

std::vector<int64_t> ours(const std::vector<double>& values) {
  std::vector<int64_t> found;
  for (const ChangePoint& change : find(values).change_points) found.push_back(change.index);
  return found;
}

std::vector<int64_t> otava(const std::vector<double>& values) {
  std::vector<int64_t> found;
  for (const OtavaChangePoint& change : find_change_points_as_otava({values.begin(), values.end()}))
    found.push_back(change.index);
  return found;
}

using Detector = std::vector<int64_t> (*)(const std::vector<double>&);

double percent(int64_t count, int64_t of) {
  return 100.0 * static_cast<double>(count) / static_cast<double>(of);
}

/// % of series without a change in which one is found.
double false_alarms(Detector detector, noise::Kind kind, int64_t length) {
  int64_t found = 0;
  for (int64_t seed = 0; seed < trials; ++seed) found += !detector(noise::series(kind, length, seed)).empty();
  return percent(found, trials);
}

struct Power {
  int64_t found = 0;  ///< within ±2 of the step
  int64_t exact = 0;
  int64_t others = 0;  ///< series with a change point elsewhere
};

/// A step of `size` deviations after `before` points, `after` points before the end.
Power power(Detector detector, double size, int64_t before, int64_t after) {
  Power power;
  for (int64_t seed = 0; seed < trials; ++seed) {
    bool near = false, exact = false, elsewhere = false;
    for (const int64_t index : detector(noise::with_step(before, after, size, seed))) {
      near |= std::abs(index - before) <= 2;
      exact |= index == before;
      elsewhere |= std::abs(index - before) > 2;
    }
    power.found += near;
    power.exact += exact;
    power.others += elsewhere;
  }
  return power;
}

/// After how many points a change is told for the first time in a history that is looked at after each; its
/// length + 1 if never.
int64_t first_told(const std::vector<double>& values, const ChangePointCriteria& criteria = {}) {
  GrowingHistory history(criteria);
  int64_t points = 0;
  for (const double value : values) {
    history.append({value, 0});
    ++points;
    if (!history.findings().change_points.empty()) return points;
  }
  return points + 1;
}

/// Points from a step after 60 points on until a change is told, in this share of the series.
int64_t delay(double size, double share, const ChangePointCriteria& criteria) {
  constexpr int64_t before = 60, series = 400;
  std::vector<int64_t> delays;
  for (int64_t seed = 0; seed < series; ++seed)
    delays.push_back(
        std::max<int64_t>(0, first_told(noise::with_step(before, 60, size, seed), criteria) - before));
  std::sort(delays.begin(), delays.end());
  return delays[static_cast<size_t>(share * (series - 1))];
}

/// % of series of 100 points without a change in which one is told on any of the looks after each point.
double false_alarms_of_looks(noise::Kind kind, const ChangePointCriteria& criteria) {
  int64_t found = 0;
  for (int64_t seed = 0; seed < trials; ++seed)
    found += first_told(noise::series(kind, 100, seed), criteria) <= 100;
  return percent(found, trials);
}

/// Series in which one who knows the noise, both levels and that there is one step would place it within ±2:
/// no detector can do better. The position around which ±2 hold most of the likelihood is the best answer.
int64_t found_by_oracle(double size, int64_t before, int64_t after) {
  int64_t found = 0;
  for (int64_t seed = 0; seed < trials; ++seed) {
    const std::vector<double> values = noise::with_step(before, after, size, seed);
    std::vector<double> likelihood(values.size());
    double log_likelihood = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      likelihood[i] = std::exp(log_likelihood);
      log_likelihood -= size * ((values[i] - noise::level) / noise::deviation - size / 2);
    }
    double most = 0;
    int64_t best = 0;
    for (int64_t i = 2; i + 2 < static_cast<int64_t>(values.size()); ++i) {
      double sum = 0;
      for (int64_t k = i - 2; k <= i + 2; ++k) sum += k == 0 ? 0 : likelihood[static_cast<size_t>(k)];
      if (sum > most) most = sum, best = i;
    }
    found += std::abs(best - before) <= 2;
  }
  return found;
}

template <typename Work>
double seconds(Work work) {
  const Clock::time_point begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The least of 5: how long the work takes where nothing disturbs it.
template <typename Work>
double least_seconds(Work work) {
  double least = seconds(work);
  for (int i = 1; i < 5; ++i) least = std::min(least, seconds(work));
  return least;
}

/// A long history with a step every 300 points.
std::vector<double> long_history(int64_t length) {
  std::vector<double> values = noise::series(noise::Kind::gaussian, length, 1);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] += 4 * noise::deviation * static_cast<double>(i / 300 % 2);
  return values;
}

/// Histories of 100 points, every fourth with a step in the middle.
std::vector<std::vector<double>> short_histories(int64_t count) {
  std::vector<std::vector<double>> histories;
  for (int64_t seed = 0; seed < count; ++seed)
    histories.push_back(noise::with_step(50, 50, seed % 4 == 0 ? 3 : 0, seed));
  return histories;
}

json as_json(const OtavaOptions& options, const json& values) {
  return {{"window", options.window},
          {"maximum_p_value", options.maximum_p_value},
          {"minimum_magnitude", options.minimum_magnitude},
          {"values", values}};
}

/// Every kind of noise and steps, in short and long histories, with equal and missing values.
int print_cases(int64_t seeds) {
  const OtavaOptions all_options[] = {{}, {30, 0.01, 0.05}, {10, 0.2, 0}, {50, 0.6, 0.01}};
  json cases = json::array();
  const auto add = [&](std::vector<double> values, double digits, bool with_gaps) {
    json rounded = json::array();
    for (size_t i = 0; i < values.size(); ++i)
      rounded.push_back(with_gaps && i % 7 % 3 == 0 ? json() : json(std::round(values[i] * digits) / digits));
    cases.push_back(as_json(all_options[cases.size() % std::size(all_options)], rounded));
  };
  for (int64_t seed = 0; seed < seeds; ++seed) {
    for (const noise::Kind kind : noise::kinds)
      for (const int64_t length : {3, 20, 100}) add(noise::series(kind, length, seed), 1000, false);
    for (const double size : {1.5, 3.0, 10.0})
      for (const int64_t length : {2, 15, 40}) add(noise::with_step(length, 20, size, seed), 1000, false);
    add(noise::with_step(60, 60, 2, seed), 1, false);  // many are equal
    add(noise::with_step(60, 60, 2, seed), 1000, true);
    add(std::vector<double>(30, 5), 1, false);
    add({1, 1, 1, 1, 1, 2, 2, 2, 2, 2}, 1, false);
    std::vector<double> steps = long_history(700);
    for (double& value : steps) value += static_cast<double>(seed);
    add(steps, 100, false);
  }
  fmt::print("{}\n", cases.dump());
  return 0;
}

int judge_as_otava() {
  json found = json::array();
  for (const json& one : json::parse(std::cin)) {
    std::vector<std::optional<double>> values;
    for (const json& value : one["values"])
      values.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
    json changes = json::array();
    for (const OtavaChangePoint& change : find_change_points_as_otava(
             values, {one["window"], one["maximum_p_value"], one["minimum_magnitude"]}))
      changes.push_back({{"index", change.index},
                         {"before", change.before},
                         {"after", change.after},
                         {"p_value", change.p_value}});
    found.push_back(changes);
  }
  fmt::print("{}\n", found.dump());
  return 0;
}

void row(const std::string& what, const std::string& target, const std::string& ours,
         const std::string& otava) {
  fmt::print("| {} | {} | {} | {} |\n", what, target, ours, otava);
}

void speed() {
  const std::vector<double> values = long_history(4844);
  size_t found = 0;
  const double once = least_seconds([&] { found += ours(values).size(); });
  const double once_otava = least_seconds([&] { found += otava(values).size(); });
  row("4,844 points", "<= 50 ms", fmt::format("{:.1f} ms", 1e3 * once),
      fmt::format("{:.1f} ms", 1e3 * once_otava));

  const std::vector<std::vector<double>> many = short_histories(2000);
  const auto rate = [&](Detector detector) {
    const double time = least_seconds([&] {
      const auto part = [&](size_t first) {
        for (size_t i = first; i < many.size(); i += 2) detector(many[i]);
      };
      std::thread other(part, 1);
      part(0);
      other.join();
    });
    return fmt::format("{:.0f}/s", static_cast<double>(many.size() * many.front().size()) / time);
  };
  row("points of 2,000 series of 100, 2 threads", ">= 200000/s", rate(ours), rate(otava));

  GrowingHistory history;
  std::vector<double> times;
  for (const double value : values) {
    const GrowingHistory before = history;
    double least = 1;
    for (int i = 0; i < 3; ++i) {  // the least of 3, as above
      history = before;
      least = std::min(least, seconds([&] {
                         history.append({value, 0});
                         found += history.findings().change_points.size();
                       }));
    }
    times.push_back(least);
  }
  std::sort(times.begin(), times.end());
  row("append one of 4,844 points, findings included: median, 99 % and longest", "<= 1 ms",
      fmt::format("{:.2f}, {:.2f}, {:.2f} ms", 1e3 * times[times.size() / 2],
                  1e3 * times[times.size() * 99 / 100], 1e3 * times.back()),
      "");
  if (found == 0) fmt::print("nothing was found\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--cases" && argc == 3) return print_cases(std::stoll(argv[2]));
  if (what == "--compatible" && argc == 2) return judge_as_otava();
  if (what == "--speed" && argc == 2) {
    fmt::print("{}\n", json{{"long", long_history(4844)}, {"many", short_histories(200)}}.dump());
    return 0;
  }
  if (argc > 1) {
    fmt::print(stderr, "change_point_targets: {}: unknown; right is --cases N, --compatible or --speed\n",
               what);
    return 2;
  }
  fmt::print("| of 1,000 series | target | bitsweep | as Otava |\n| --- | --- | --- | --- |\n");
  for (const int64_t length : {100, 30, 250})
    for (const noise::Kind kind : noise::kinds)
      row(fmt::format("change found in {} points of {} noise", length, noise::to_text(kind)),
          length == 100 ? "<= 1 %" : "", fmt::format("{:.1f} %", false_alarms(ours, kind, length)),
          fmt::format("{:.1f} %", false_alarms(otava, kind, length)));
  ChangePointCriteria looks;
  looks.significance = significance_of_looks;
  for (const noise::Kind kind : noise::kinds)
    row(fmt::format("change told at any of 100 looks, one a point, {} noise; with significance of looks",
                    noise::to_text(kind)),
        "",
        fmt::format("{:.1f} %; {:.1f} %", false_alarms_of_looks(kind, {}),
                    false_alarms_of_looks(kind, looks)),
        "");
  const auto step = [](double size, int64_t before, int64_t after) {
    const auto text = [](const Power& power) {
      return fmt::format("{:.1f} % ({:.1f} % exact, {:.1f} % others)", percent(power.found, trials),
                         percent(power.exact, trials), percent(power.others, trials));
    };
    row(fmt::format("step of {} deviations, {} + {} points, found within ±2; at best possible {:.1f} %", size,
                    before, after, percent(found_by_oracle(size, before, after), trials)),
        ">= 90 %", text(power(ours, size, before, after)), text(power(otava, size, before, after)));
  };
  for (const double size : {1.5, 1.75, 2.0, 2.5, 3.0, 5.0}) step(size, 15, 15);
  for (const double size : {1.5, 2.0, 3.0}) step(size, 50, 50);
  for (const double size : {1.5, 2.0, 3.0}) step(size, 85, 15);
  int64_t mixed = 0;
  for (int64_t seed = 0; seed < trials; ++seed) {
    const double size = 1.5 + 1.5 * static_cast<double>(seed) / trials;
    bool near = false;
    for (const int64_t index : ours(noise::with_step(15, 15, size, seed))) near |= std::abs(index - 15) <= 2;
    mixed += near;
  }
  row("steps of 1.5 to 3 deviations, evenly spread, 15 + 15 points", ">= 90 %",
      fmt::format("{:.1f} %", percent(mixed, trials)), "");
  for (const double size : {1.5, 2.0, 3.0, 5.0})
    row(fmt::format(
            "points until a step of {} is told after 60 points: half, 90 %; with significance of looks",
            size),
        "",
        fmt::format("{}, {}; {}, {}", delay(size, 0.5, {}), delay(size, 0.9, {}), delay(size, 0.5, looks),
                    delay(size, 0.9, looks)),
        "");
  speed();
  return 0;
}
