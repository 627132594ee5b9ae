#include "results/foreign_google_benchmark.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace bitsweep {
namespace {

using nlohmann::json;

/// Keys of a benchmark that are no counters of its author.
const std::set<std::string> known_keys = {"name",
                                          "family_index",
                                          "per_family_instance_index",
                                          "run_name",
                                          "run_type",
                                          "repetitions",
                                          "repetition_index",
                                          "threads",
                                          "iterations",
                                          "real_time",
                                          "cpu_time",
                                          "time_unit",
                                          "aggregate_name",
                                          "aggregate_unit",
                                          "label",
                                          "error_occurred",
                                          "error_message"};

/// Nanoseconds of a time_unit, which is ns where it is missing.
double factor(const json& benchmark) {
  static const std::map<std::string, double> factors = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  const std::string unit = benchmark.value("time_unit", "ns");
  const auto found = factors.find(unit);
  if (found == factors.end()) throw Error(fmt::format("time_unit '{}'; right is ns, us, ms or s", unit));
  return found->second;
}

/// "2026-11-25T13:00:00+01:00" in UTC; another form as it is.
std::string in_utc(const std::string& date) {
  std::tm time{};
  int hours = 0, minutes = 0;
  char sign = 0;
  if (std::sscanf(date.c_str(), "%d-%d-%dT%d:%d:%d%c%d:%d", &time.tm_year, &time.tm_mon, &time.tm_mday,
                  &time.tm_hour, &time.tm_min, &time.tm_sec, &sign, &hours, &minutes) != 9)
    return date;
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  const std::time_t offset = (hours * 60 + minutes) * 60;
  const std::time_t seconds = timegm(&time) + (sign == '-' ? offset : -offset);
  char text[32] = "";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&seconds));
  return text;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// All that the repetitions of a benchmark say, by key.
std::map<std::string, std::vector<double>> numbers(const std::vector<json>& repetitions) {
  std::map<std::string, std::vector<double>> values;
  for (const json& repetition : repetitions)
    for (const auto& [key, value] : repetition.items())
      if (value.is_number() && (known_keys.count(key) == 0 || key == "iterations"))
        values[key].push_back(value);
      else if (value.is_number() && (key == "real_time" || key == "cpu_time"))
        values[key].push_back(value.get<double>() * factor(repetition));
  return values;
}

Result one_result(const std::string& name, const std::vector<json>& repetitions) {
  Result result;
  result.run.model = name;
  result.outcome = Outcome::ok;
  for (const json& repetition : repetitions)
    if (repetition.value("error_occurred", false)) {
      result.outcome = Outcome::failed;
      result.reason = repetition.value("error_message", "the benchmark told an error without words");
      return result;
    }
  for (const auto& [key, values] : numbers(repetitions)) {
    if (key == "real_time") {
      add_metric(result, "latency_mean", mean(values), "ns", Direction::lower_is_better);
      for (const double value : values) result.samples_ns.push_back(std::llround(value));
    } else if (key == "cpu_time") {
      add_metric(result, key, mean(values), "ns", Direction::lower_is_better);
    } else if (key == "iterations") {
      result.evidence[key] = fmt::format("{}", mean(values));
    } else if (key == "items_per_second" || key == "bytes_per_second") {
      add_metric(result, key, mean(values), (key.substr(0, 5) + "/s").c_str(), Direction::higher_is_better);
    } else {
      add_metric(result, "counter_" + key, mean(values), "", Direction::neutral);
    }
  }
  if (result.samples_ns.empty()) throw Error(fmt::format("benchmark '{}' has no real_time", name));
  result.notes.push_back("a sample is a repetition: the mean time of its iterations");
  const std::string label = repetitions.front().value("label", "");
  if (!label.empty()) result.notes.push_back("label: " + label);
  return result;
}

std::vector<Result> read(const json& file) {
  const json context = file.value("context", json::object());
  std::vector<std::string> order;
  std::map<std::string, std::vector<json>> iterations, means;
  for (const json& benchmark : file.at("benchmarks")) {
    const std::string name = benchmark.value("run_name", benchmark.at("name").get<std::string>());
    const bool is_aggregate = benchmark.value("run_type", "iteration") == "aggregate";
    if (is_aggregate && benchmark.value("aggregate_name", "") != "mean") continue;
    if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
    (is_aggregate ? means : iterations)[name].push_back(benchmark);
  }
  std::vector<Result> results;
  for (const std::string& name : order) {
    Result& result =
        results.emplace_back(one_result(name, iterations.count(name) > 0 ? iterations[name] : means[name]));
    result.machine.host = context.value("host_name", "");
    result.machine.logical_cores = context.value("num_cpus", 0);
    if (context.contains("mhz_per_cpu"))
      result.machine.cpu = fmt::format("unknown, {} MHz", context["mhz_per_cpu"].get<int>());
    result.started = in_utc(context.value("date", ""));
    result.software.build = context.value("library_build_type", "");
    result.software.libraries = {{"google-benchmark", context.value("library_version", "unknown")}};
    if (context.contains("executable")) result.evidence["executable"] = context["executable"];
  }
  return results;
}

}  // namespace

std::vector<Result> read_google_benchmark(const std::string& text, const std::string& place) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& exception) {
    throw Error(
        fmt::format("{}: not what Google Benchmark writes ({}); right is the output of "
                    "--benchmark_format=json or --benchmark_out",
                    place, exception.what()));
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", place, error.what()));
  }
}

}  // namespace bitsweep
