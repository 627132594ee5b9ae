#include "harness/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "harness/statistics.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

// A change of the machine's speed seldom falls between the slices of a round, and warming takes little of it.
constexpr double slice_seconds = 0.01;
// Brings back the caches and predictions that a neighbour's slice has spoilt: ResNet-20's steps of 0.6 ms
// were 1.8 % slower after one step of its own, 0.4 % after two, 0.1 % after three (EPYC, Zen 3).
constexpr double warming_seconds = 0.002;
constexpr double long_step_seconds = 0.2;    // of such a step, the warming of the caches is a small part
constexpr int64_t most_steps_a_slice = 250;  // bounds the samples kept of very fast networks
constexpr int64_t most_warming_steps = 1000;

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

/// Counts of this process so far.
LoopCounts counts_so_far() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {usage.ru_minflt + usage.ru_majflt, usage.ru_nivcsw};
}

/// What a slice takes of a candidate.
struct Slice {
  int64_t warming_steps = 0;  ///< no samples
  int64_t steps = 0;
};

/// Room for `count` more, so that none is allocated in the timed loop; doubled, so that it is rarely needed.
void make_room(std::vector<int64_t>& samples, size_t count) {
  if (samples.size() + count > samples.capacity()) samples.reserve(2 * (samples.size() + count));
}

/// One slice: times each step and tells Google Benchmark.
///
/// A candidate that fails does nothing from then on: to skip the rest would leave repetitions of unlike
/// length, at which Google Benchmark ends the process.
void run_slice(benchmark::State& state, const Candidate& candidate, const Slice& slice,
               Measurement& measurement) {
  const auto step = [&]() -> std::chrono::nanoseconds {
    if (!measurement.error.empty()) return {};
    try {
      if (candidate.before_step) candidate.before_step();
      const auto begin = Clock::now();
      candidate.step();
      return Clock::now() - begin;
    } catch (const std::exception& error) {
      measurement.error = error.what();
      return {};
    }
  };
  const auto slice_begin = Clock::now();
  for (int64_t i = 0; i < slice.warming_steps; ++i) step();
  make_room(measurement.samples_ns, static_cast<size_t>(slice.steps));
  const LoopCounts before = counts_so_far();
  for ([[maybe_unused]] auto iteration : state) {
    const std::chrono::nanoseconds elapsed = step();
    if (measurement.error.empty()) {
      measurement.samples_ns.push_back(elapsed.count());
      if (candidate.add_parts) candidate.add_parts(measurement.parts_ns);
    }
    state.SetIterationTime(std::chrono::duration<double>(elapsed).count());
  }
  const LoopCounts after = counts_so_far();
  measurement.counts.page_faults += after.page_faults - before.page_faults;
  measurement.counts.involuntary_switches += after.involuntary_switches - before.involuntary_switches;
  measurement.seconds += std::chrono::duration<double>(Clock::now() - slice_begin).count();
  if (measurement.error.empty())
    measurement.round_medians.push_back(
        median(std::span(measurement.samples_ns).last(static_cast<size_t>(slice.steps))));
}

/// Warms up, which touches all memory once, and plans a slice; none if a step throws. What goes before a
/// step, such as emptying the caches, takes its time of the slice, and leaves nothing for warming steps to
/// do. The quickest step plans, which bursts did not slow: a slice of few steps would only see the first
/// ones.
Slice warm_up(const Candidate& candidate, int64_t steps, Measurement& measurement) {
  try {
    double seconds = std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < std::max<int64_t>(1, steps); ++i) {
      const auto begin = Clock::now();
      if (candidate.before_step) candidate.before_step();
      candidate.step();
      seconds = std::min(seconds, std::chrono::duration<double>(Clock::now() - begin).count());
    }
    const auto steps_in = [&](double time, int64_t most) {
      return std::clamp(static_cast<int64_t>(std::ceil(time / std::max(seconds, 1e-9))), int64_t{1}, most);
    };
    const bool warms = !candidate.before_step && seconds < long_step_seconds;
    return {warms ? steps_in(warming_seconds, most_warming_steps) : 0,
            steps_in(slice_seconds, most_steps_a_slice)};
  } catch (const std::exception& error) {
    measurement.error = error.what();
    return {};
  }
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
  std::vector<Measurement> measurements(candidates.size());
  std::vector<Slice> slices(candidates.size());
  std::vector<size_t> running;
  for (size_t i = 0; i < candidates.size(); ++i) {
    measurements[i].places = candidates[i].places;
    starting(i);
    slices[i] = warm_up(candidates[i], how.warmup, measurements[i]);
    if (slices[i].steps > 0) running.push_back(i);
  }

  bool imprecise = true;
  while (imprecise && !running.empty()) {
    const size_t samples_before = sample_count(measurements);
    for (const size_t i : running)
      benchmark::RegisterBenchmark(candidates[i].name.c_str(),
                                   [&, i](benchmark::State& state) {
                                     starting(i);
                                     if (candidates[i].before_slice) candidates[i].before_slice();
                                     run_slice(state, candidates[i], slices[i], measurements[i]);
                                   })
          ->Iterations(slices[i].steps)
          ->UseManualTime();
    IterationCounter counter;
    benchmark::RunSpecifiedBenchmarks(&counter);
    benchmark::ClearRegisteredBenchmarks();
    imprecise = false;
    for (const size_t i : running) {
      Measurement& measurement = measurements[i];
      const StoppingRule rule(how.min_samples, how.target_ci, how.max_time_s, measurement.places);
      measurement.stopped_by =
          rule.judge(measurement.samples_ns, measurement.round_medians, measurement.seconds);
      imprecise |= measurement.error.empty() && measurement.stopped_by == StoppingRule::Verdict::go_on;
    }
    std::erase_if(running, [&](size_t i) {
      return !measurements[i].error.empty() ||
             measurements[i].stopped_by == StoppingRule::Verdict::out_of_time;
    });
    const bool failed =
        std::any_of(measurements.begin(), measurements.end(), [](const auto& m) { return !m.error.empty(); });
    if (!failed && sample_count(measurements) - samples_before != static_cast<size_t>(counter.iterations()))
      throw std::logic_error("Google Benchmark counted other iterations than there are samples");
  }
  return measurements;
}

}  // namespace bitsweep
