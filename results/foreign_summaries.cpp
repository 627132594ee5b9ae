#include "results/foreign_summaries.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

struct Line {
  std::string name, value;
};

/// The lines that have a colon.
std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (const size_t colon = line.find(':'); colon != line.npos)
      lines.push_back({trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1))});
  return lines;
}

/// The value of the first line of this name, or "".
std::string value_of(const std::vector<Line>& lines, const std::string& name) {
  for (const Line& line : lines)
    if (line.name == name) return line.value;
  return "";
}

/// "12.5 ms" → 12.5; throws Error for what is no number.
double number(const Line& line) {
  double value = 0;
  const char* const last = line.value.data() + line.value.size();
  if (std::from_chars(line.value.data(), last, value).ec != std::errc())
    throw Error(fmt::format("'{}: {}'; right is a number after the colon", line.name, line.value));
  return value;
}

/// A line that becomes a metric.
struct Known {
  const char* line;
  const char* metric;
  double factor;
  const char* unit;
  Direction direction;
};

constexpr Direction lower = Direction::lower_is_better, higher = Direction::higher_is_better;

/// Durations are printed in seconds but for two in milliseconds.
constexpr Known perf_test_lines[] = {
    {"Session creation time cost", "load_time", 1e9, "ns", lower},
    {"First inference time cost", "first_inference", 1e6, "ns", lower},
    {"Average inference time cost", "latency_mean", 1e6, "ns", lower},
    {"Average inference time cost total", "latency_mean", 1e6, "ns", lower},
    {"Number of inferences per second", "inferences_per_second", 1, "1/s", higher},
    {"Peak working set size", "peak_working_set", 1, "bytes", lower},
    {"Min Latency", "latency_min", 1e9, "ns", lower},
    {"Max Latency", "latency_max", 1e9, "ns", lower},
    {"P50 Latency", "latency_p50", 1e9, "ns", lower},
    {"P90 Latency", "latency_p90", 1e9, "ns", lower},
    {"P95 Latency", "latency_p95", 1e9, "ns", lower},
    {"P99 Latency", "latency_p99", 1e9, "ns", lower},
    {"P999 Latency", "latency_p999", 1e9, "ns", lower}};

constexpr Known loadgen_lines[] = {
    {"Samples per second", "samples_per_second", 1, "samples/s", higher},
    {"Completed samples per second", "samples_per_second", 1, "samples/s", higher},
    {"Tokens per second", "tokens_per_second", 1, "tokens/s", higher},
    {"QPS w/ loadgen overhead", "queries_per_second", 1, "1/s", higher},
    {"Min latency (ns)", "latency_min", 1, "ns", lower},
    {"Max latency (ns)", "latency_max", 1, "ns", lower},
    {"Mean latency (ns)", "latency_mean", 1, "ns", lower},
    {"50.00 percentile latency (ns)", "latency_p50", 1, "ns", lower},
    {"90.00 percentile latency (ns)", "latency_p90", 1, "ns", lower},
    {"95.00 percentile latency (ns)", "latency_p95", 1, "ns", lower},
    {"97.00 percentile latency (ns)", "latency_p97", 1, "ns", lower},
    {"99.00 percentile latency (ns)", "latency_p99", 1, "ns", lower},
    {"99.90 percentile latency (ns)", "latency_p999", 1, "ns", lower}};

template <size_t size>
void add_metrics(Result& result, const std::vector<Line>& lines, const Known (&known)[size],
                 const std::string& latency_prefix) {
  for (const Known& one : known)
    for (const Line& line : lines)
      if (line.name == one.line) {
        const std::string name = one.metric;
        add_metric(result, (name.starts_with("latency") ? latency_prefix : "") + name,
                   number(line) * one.factor, one.unit, one.direction);
        break;
      }
}

void add_evidence(Result& result, const std::vector<Line>& lines, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const std::string value = value_of(lines, name); !value.empty()) result.evidence[name] = value;
}

/// The first error in a file, with its place.
template <class Read>
std::vector<Result> with_place(const std::string& place, const Read& read) {
  try {
    return {read()};
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", place, error.what()));
  }
}

}  // namespace

std::vector<Result> read_onnxruntime_perf_test(const std::string& text, const std::string& place) {
  return with_place(place, [&] {
    const std::vector<Line> lines = lines_of(text);
    Result result;
    result.outcome = Outcome::ok;
    result.run.model = std::filesystem::path(place).stem().string();
    add_metrics(result, lines, perf_test_lines, "");
    if (value_of(lines, "Total inference requests").empty() || result.metrics.empty())
      throw Error("no line 'Total inference requests: ...'; right is what onnxruntime_perf_test prints");
    add_evidence(result, lines, {"Total inference requests", "Total inference run time", "Avg CPU usage"});
    return result;
  });
}

std::vector<Result> read_mlperf_summary(const std::string& text, const std::string& place) {
  return with_place(place, [&] {
    const std::vector<Line> lines = lines_of(text);
    const std::string scenario = value_of(lines, "Scenario"), validity = value_of(lines, "Result is");
    if (text.find("MLPerf Results Summary") == text.npos || scenario.empty() || validity.empty())
      throw Error(
          "no 'MLPerf Results Summary' with 'Scenario' and 'Result is'; right is mlperf_log_summary.txt");
    Result result;
    result.run.model = fmt::format("{}:{}", value_of(lines, "SUT name"), scenario);
    result.outcome = validity == "VALID" ? Outcome::ok : Outcome::failed;
    if (validity != "VALID") {
      result.reason = fmt::format("LoadGen calls the result {}", validity);
      for (const Line& line : lines)
        if (line.value == "NO") result.reason += ", " + line.name + ": NO";
    }
    add_metrics(result, lines, loadgen_lines,
                scenario == "SingleStream" || scenario == "Single Stream" ? "" : "query_");
    add_evidence(result, lines,
                 {"SUT name", "Scenario", "Mode", "Result is", "samples_per_query", "target_qps",
                  "qsl_rng_seed", "performance_sample_count"});
    return result;
  });
}

}  // namespace bitsweep
