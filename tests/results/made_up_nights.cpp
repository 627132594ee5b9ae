#include "tests/results/made_up_nights.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "tests/results/examples.h"
#include "tests/results/made_up_sweep.h"

namespace bitsweep::examples {
namespace {

constexpr std::array<const char*, 4> families = {"resnet50", "mlp", "resnet18", "vgg16"};

/// Run `number` of a model: 7 batches of 10 variants.
Run numbered_run(const char* family, int number) {
  static constexpr std::array<Precision, 10> precision = {
      Precision::fp32, Precision::bf16, Precision::int8, Precision::fp32, Precision::bf16,
      Precision::int8, Precision::fp32, Precision::bf16, Precision::int8, Precision::int8};
  static constexpr std::array<double, 10> pruning = {0, 0, 0, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.9};
  const auto variant = static_cast<size_t>(number % 10);
  Run run;
  run.model = family;
  run.precision = precision[variant];
  if (pruning[variant] > 0) run.pruning = {"magnitude", pruning[variant]};
  run.batch = int64_t{1} << (number / 10);
  if (run.model == "mlp") run.dataset = "mnist";
  return run;
}

void slow_down(Result& result, double factor) {
  for (Metric& metric : result.metrics) {
    if (metric.unit == "ns") metric.value = std::round(metric.value * factor);  // as clocks give them
    if (metric.unit == "images/s") metric.value /= factor;
    if (metric.name.rfind("speedup", 0) == 0) metric.value /= factor;
  }
  for (int64_t& ns : result.samples_ns) ns = static_cast<int64_t>(static_cast<double>(ns) * factor);
}

}  // namespace

MadeUpNights::MadeUpNights(const std::string& path, const Story& story)
    : path_(path), story_(story), store_(path, Access::read_write) {
  night_ = SQLite::Database(path).execAndGet("select count(*) from sessions").getInt();
}

Result MadeUpNights::measured(int number) {
  const int model = number / story_.runs;
  const auto family = static_cast<size_t>(model) % families.size();
  const bool upgraded = story_.upgrade_night >= 0 && night_ >= story_.upgrade_night;
  const Run run = numbered_run(families[family], number % story_.runs);
  Result result = carried_out(run, story_.most_samples, random_);
  if (upgraded && number == 0)
    result = not_ok(run, Outcome::failed, "the child process was killed by signal 11");
  if (model >= static_cast<int>(families.size()))
    result.run.model = fmt::format("{}:{}", families[family], model / static_cast<int>(families.size()));
  result.evidence["measured_together"] = fmt::format("node17 {} block {}", night_, number / 10);
  result.software = {fmt::format("0.1.0 ({:012x})", 0xabc000 + night_ / 3),
                     "Release, GNU 12.2.0",
                     {{"oneDNN", upgraded ? "3.7.2" : "2.6.3"}}};
  slow_down(result, 1 + std::normal_distribution<double>(0, 0.01)(random_));
  if (upgraded && number % 25 == 3 && !result.layers.empty()) {
    LayerRecord& layer = result.layers[result.layers.size() / 2];
    double whole_ns = 0;
    for (const LayerRecord& one : result.layers) whole_ns += one.time_ns;
    layer.time_ns += 0.12 * whole_ns;
    layer.implementation = "jit:avx2";
    slow_down(result, 1.12);
  }
  return result;
}

int64_t MadeUpNights::add_night() {
  const int count = story_.models * story_.runs;
  const int64_t session = store_.begin_session(experiment("nightly"), count);
  std::vector<Result> results;
  for (int number = 0; number < count; ++number) {
    results.push_back(measured(number));
    if (results.size() < 500 && number + 1 < count) continue;
    store_.add(session, results);
    results.clear();
  }
  SQLite::Database sqlite(path_, SQLite::OPEN_READWRITE, 10'000);
  SQLite::Statement started(
      sqlite,
      "update sessions set started = strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-01T02:00:00Z', ?) where id = ?");
  started.bind(1, fmt::format("+{} days", night_++));
  started.bind(2, session);
  started.exec();
  return session;
}

}  // namespace bitsweep::examples
