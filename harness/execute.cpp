#include "harness/execute.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <fmt/format.h>
#include <omp.h>
#include <pmmintrin.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "harness/clock.h"
#include "harness/machine.h"
#include "harness/measure.h"
#include "harness/prepare.h"
#include "harness/statistics.h"

namespace bitsweep {
namespace {

/// Denormal numbers cost hundreds of cycles each on x86 and are no part of what is measured: flushed, in
/// every OpenMP thread.
void flush_denormals() {
#pragma omp parallel
  {
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
  }
}

/// Feeds a session the test images batch by batch, round and round, so that no input is hot from the
/// inference before it.
class Feeder {
 public:
  explicit Feeder(Prepared& prepared)
      : prepared_(prepared),
        batch_(prepared.result.run.batch),
        image_elements_(element_count(prepared.images->shape)),
        batches_(prepared.images->count / batch_),
        output_(static_cast<size_t>(batch_ * prepared.classes)) {}

  void step() {
    prepared_.session->infer(input(next_), output_);
    last_ = next_;
    next_ = (next_ + 1) % batches_;
  }

  std::span<const float> input(int64_t index) const {
    return {prepared_.images->values.data() + index * batch_ * image_elements_,
            static_cast<size_t>(batch_ * image_elements_)};
  }

  /// Whether the last timed inference gave to the bit what was scored for the same images.
  bool timed_as_scored() const {
    const float* scored = prepared_.scored.data() + last_ * batch_ * prepared_.classes;
    return std::memcmp(scored, output_.data(), output_.size() * sizeof(float)) == 0;
  }

 private:
  Prepared& prepared_;
  int64_t batch_, image_elements_, batches_;
  std::vector<float> output_;
  int64_t next_ = 0, last_ = 0;
};

void add(Result& result, const char* name, double value, const char* unit, Direction direction) {
  result.metrics.push_back({name, value, unit, direction});
}

/// The metrics of steady state.
void add_latency(Result& result, const Measurement& measurement, int64_t min_samples) {
  const auto& samples = measurement.samples_ns;
  const auto time = [&](const char* name, double ns) {
    add(result, name, ns, "ns", Direction::lower_is_better);
  };
  const double middle = median(samples);
  const Interval interval = median_interval(samples);
  double sum = 0;
  for (const int64_t sample : samples) sum += static_cast<double>(sample);
  time("latency_p50", middle);
  time("latency_p50_low", interval.low);
  time("latency_p50_high", interval.high);
  time("latency_mean", sum / static_cast<double>(samples.size()));
  time("latency_min", static_cast<double>(*std::min_element(samples.begin(), samples.end())));
  if (const auto p90 = trusted_percentile(samples, 0.90)) time("latency_p90", *p90);
  if (const auto p99 = trusted_percentile(samples, 0.99)) time("latency_p99", *p99);
  add(result, "throughput", static_cast<double>(result.run.batch) * 1e9 / middle, "images/s",
      Direction::higher_is_better);
  result.seconds += sum * 1e-9;
  result.evidence["denormals"] = "flushed";
  if (static_cast<int64_t>(samples.size()) < min_samples)
    result.notes.push_back(fmt::format("{} samples, fewer than min_samples ({}): max_time was spent",
                                       samples.size(), min_samples));
  result.evidence["stopped_by"] =
      measurement.stopped_by == StoppingRule::Verdict::precise
          ? "the median's 95 % interval is within the target"
          : "the time budget was spent before the median's interval reached the target";
}

/// The layers in context: often enough for a median, for about a second.
void add_layers(Result& result, Session& session, std::span<const float> input, double latency_ns) {
  constexpr double about_a_second = 1e9;
  const int repetitions = static_cast<int>(std::clamp(about_a_second / latency_ns, 5.0, 101.0));
  result.layers = session.profile(input, repetitions);
  if (std::any_of(result.layers.begin(), result.layers.end(), is_plain))
    result.notes.push_back("a layer ran in a reference implementation of the engine; see its layers");
}

/// Says what pruning bought against the dense run of the same block: the verdict comes from the samples and
/// from the kernels that ran.
void judge_pruning(Prepared& pruned, const Measurement& measurement, const std::vector<Prepared>& block,
                   const std::vector<Measurement>& measurements) {
  Run dense_run = pruned.result.run;
  dense_run.pruning = {};
  for (size_t i = 0; i < block.size(); ++i) {
    if (!(block[i].result.run == dense_run) || measurements[i].samples_ns.empty()) continue;
    const auto& dense = measurements[i].samples_ns;
    const double ratio = median(dense) / median(measurement.samples_ns);
    const Interval of_dense = median_interval(dense), of_pruned = median_interval(measurement.samples_ns);
    const double low = of_dense.low / of_pruned.high, high = of_dense.high / of_pruned.low;
    const auto &layers = pruned.result.layers, &dense_layers = block[i].result.layers;
    const bool same_kernels =
        std::equal(layers.begin(), layers.end(), dense_layers.begin(), dense_layers.end(),
                   [](const auto& a, const auto& b) { return a.implementation == b.implementation; });
    const std::string measured =
        fmt::format("{:.2f}x the speed of the dense run ({:.2f} to {:.2f})", ratio, low, high);
    pruned.result.notes.push_back(
        same_kernels
            ? "no gain: the same dense kernels ran, no kernel exploits this pattern of zeros; measured " +
                  measured + "; a difference from 1 is noise"
            : measured + ": other kernels ran than for the dense network");
    return;
  }
  pruned.result.notes.push_back(
      "no dense run was measured beside this one; `run --new` measures its whole block");
}

}  // namespace

/// "simple:any" is the slowest of the reorders, element by element; but the fastest of the concatenations,
/// which copies whole rows (the slow one is "ref:any").
bool is_plain(const LayerRecord& layer) {
  const std::string& name = layer.implementation;
  return name.starts_with("ref:") || name.starts_with("ref_") ||
         (name.starts_with("simple:any") && layer.kind != "concatenation");
}

void execute(const Order& order, const std::vector<Backend>& backends,
             const std::function<void(size_t)>& active,
             const std::function<void(size_t, const Result&)>& finished) {
  flush_denormals();
  const Machine machine = inspect_machine();
  // Speed-ups compare only what shared a process, and so was interleaved.
  const std::string together = fmt::format("{} {} {}", machine.host, getpid(), utc_now());
  Preparation preparation(backends, machine);
  std::vector<Prepared> block;
  for (size_t i = 0; i < order.runs.size(); ++i) {
    active(i);
    block.push_back(preparation.prepare(order.runs[i]));
    if (!block.back().session) finished(i, block.back().result);
  }

  std::vector<size_t> measured;  // positions in the block
  std::vector<Feeder> feeders;
  for (size_t i = 0; i < block.size(); ++i)
    if (block[i].session) measured.push_back(i), feeders.emplace_back(block[i]);
  std::vector<Candidate> candidates;
  for (size_t k = 0; k < measured.size(); ++k)
    candidates.push_back({run_id(order.runs[measured[k]]), [&feeder = feeders[k]] { feeder.step(); }});
  const std::vector<Measurement> taken =
      measure_interleaved(candidates, order.measure, [&](size_t k) { active(measured[k]); });

  std::vector<Measurement> measurements(block.size());
  for (size_t k = 0; k < measured.size(); ++k) measurements[measured[k]] = taken[k];
  for (size_t k = 0; k < measured.size(); ++k) {
    const size_t i = measured[k];
    active(i);
    Result& result = block[i].result;
    result.samples_ns = taken[k].samples_ns;
    if (!taken[k].error.empty()) {
      result.outcome = Outcome::failed;
      result.reason = taken[k].error;
      continue;
    }
    add_latency(result, taken[k], order.measure.min_samples);
    result.evidence["measured_together"] = together;
    add_layers(result, *block[i].session, feeders[k].input(0), median(taken[k].samples_ns));
    if (!feeders[k].timed_as_scored()) {
      result.outcome = Outcome::inaccurate;
      result.reason = "the timed inference gave another output than the scored one for the same images";
    }
  }
  for (const size_t i : measured) {
    if (block[i].result.run.pruning.method != "none" && !block[i].result.layers.empty())
      judge_pruning(block[i], measurements[i], block, measurements);
    finished(i, block[i].result);
  }
}

}  // namespace bitsweep
