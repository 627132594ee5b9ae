#include "harness/measure.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>

#include <benchmark/benchmark.h>

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int slices_a_round = 5;
constexpr double slice_seconds = 0.02;  // long enough to warm the caches again after a neighbour's slice
constexpr int64_t most_steps_a_slice = 1000;  // bounds the samples kept of very fast networks

/// Counts what Google Benchmark says it ran; the samples themselves are taken inside the loop.
class IterationCounter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs)
      if (run.run_type == Run::RT_Iteration) iterations_ += run.iterations;
  }
  int64_t iterations() const { return iterations_; }

 private:
  int64_t iterations_ = 0;
};

/// Google Benchmark reads its flags once a process.
void initialize_google_benchmark() {
  static const bool done = [] {
    std::string program = "bitsweep";
    std::string interleaving = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {program.data(), interleaving.data(), nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    return true;
  }();
  static_cast<void>(done);
}

/// One slice: times each step and tells Google Benchmark. The first step of a slice repopulates the caches
/// that a neighbour's slice has emptied; it is not a sample.
///
/// A candidate that fails does nothing from then on: to skip the rest would leave repetitions of unlike
/// length, at which Google Benchmark ends the process.
void run_slice(benchmark::State& state, const Candidate& candidate, Measurement& measurement) {
  const auto step = [&] {
    if (!measurement.error.empty()) return;
    try {
      candidate.step();
    } catch (const std::exception& error) {
      measurement.error = error.what();
    }
  };
  step();
  for ([[maybe_unused]] auto iteration : state) {
    const auto begin = Clock::now();
    step();
    const std::chrono::nanoseconds elapsed = Clock::now() - begin;
    if (measurement.error.empty()) measurement.samples_ns.push_back(elapsed.count());
    state.SetIterationTime(std::chrono::duration<double>(elapsed).count());
  }
}

/// Warms up and returns how many steps fill a slice.
int64_t warm_up(const Candidate& candidate, int64_t steps, Measurement& measurement) {
  try {
    const int64_t count = std::max<int64_t>(1, steps);
    const auto begin = Clock::now();
    for (int64_t i = 0; i < count; ++i) candidate.step();
    const double seconds =
        std::chrono::duration<double>(Clock::now() - begin).count() / static_cast<double>(count);
    return std::clamp(static_cast<int64_t>(slice_seconds / std::max(seconds, 1e-9)), int64_t{1},
                      most_steps_a_slice);
  } catch (const std::exception& error) {
    measurement.error = error.what();
    return 0;
  }
}

double seconds_of(const std::vector<int64_t>& samples_ns) {
  double sum = 0;
  for (const int64_t sample : samples_ns) sum += static_cast<double>(sample);
  return sum * 1e-9;
}

size_t sample_count(const std::vector<Measurement>& measurements) {
  size_t count = 0;
  for (const Measurement& measurement : measurements) count += measurement.samples_ns.size();
  return count;
}

}  // namespace

std::vector<Measurement> measure_interleaved(const std::vector<Candidate>& candidates, const Measure& how,
                                             const std::function<void(size_t)>& starting) {
  initialize_google_benchmark();
  const StoppingRule rule(how.min_samples, how.target_ci, how.max_time_s);
  std::vector<Measurement> measurements(candidates.size());
  std::vector<int64_t> steps(candidates.size());
  std::vector<size_t> unfinished;
  for (size_t i = 0; i < candidates.size(); ++i) {
    starting(i);
    steps[i] = warm_up(candidates[i], how.warmup, measurements[i]);
    if (steps[i] > 0) unfinished.push_back(i);
  }

  while (!unfinished.empty()) {
    const size_t samples_before = sample_count(measurements);
    for (const size_t i : unfinished)
      benchmark::RegisterBenchmark(candidates[i].name.c_str(),
                                   [&, i](benchmark::State& state) {
                                     starting(i);
                                     run_slice(state, candidates[i], measurements[i]);
                                   })
          ->Iterations(steps[i])
          ->Repetitions(slices_a_round)
          ->UseManualTime();
    IterationCounter counter;
    benchmark::RunSpecifiedBenchmarks(&counter);
    benchmark::ClearRegisteredBenchmarks();
    std::erase_if(unfinished, [&](size_t i) {
      Measurement& measurement = measurements[i];
      if (!measurement.error.empty()) return true;
      measurement.stopped_by = rule.judge(measurement.samples_ns, seconds_of(measurement.samples_ns));
      return measurement.stopped_by != StoppingRule::Verdict::go_on;
    });
    const bool failed =
        std::any_of(measurements.begin(), measurements.end(), [](const auto& m) { return !m.error.empty(); });
    if (!failed && sample_count(measurements) - samples_before != static_cast<size_t>(counter.iterations()))
      throw std::logic_error("Google Benchmark counted other iterations than there are samples");
  }
  return measurements;
}

}  // namespace bitsweep
