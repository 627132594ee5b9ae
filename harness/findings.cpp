#include "harness/findings.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/layer_evidence.h"

namespace bitsweep {
namespace {

/// Closed loop, one inference after the other: a sample is a latency.
void add_latency(Result& result, const Measurement& measurement) {
  const auto& samples = measurement.samples_ns;
  const auto time = [&](const char* name, double ns) {
    add_metric(result, name, ns, "ns", Direction::lower_is_better);
  };
  const MedianEstimate estimate = estimate_median(samples, measurement.round_medians, measurement.places);
  time("latency_p50", estimate.median);
  time("latency_p50_low", estimate.interval.low);
  time("latency_p50_high", estimate.interval.high);
  time("latency_mean",
       std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size()));
  time("latency_min", static_cast<double>(*std::min_element(samples.begin(), samples.end())));
  if (const auto p90 = trusted_percentile(samples, 0.90)) time("latency_p90", *p90);
  if (const auto p99 = trusted_percentile(samples, 0.99)) time("latency_p99", *p99);
  if (const auto p999 = trusted_percentile(samples, 0.999)) time("latency_p999", *p999);
}

void add_loop_counts(Result& result, const Measurement& measurement, double inferences) {
  const auto an_inference = [&](int64_t count) { return static_cast<double>(count) / inferences; };
  add_metric(result, "page_faults", an_inference(measurement.counts.page_faults), "",
             Direction::lower_is_better);
  add_metric(result, "involuntary_switches", an_inference(measurement.counts.involuntary_switches), "",
             Direction::lower_is_better);
  if (const double faults = an_inference(measurement.counts.page_faults); faults >= 0.01)
    result.notes.push_back(
        fmt::format("{:.3g} page faults an inference are part of its time: the engine gives memory back and "
                    "takes it again, or something else took it",
                    faults));
}

/// By how much the interval is wider than was asked for.
std::string missed_target(const Measurement& measurement, const Measure& how) {
  const double half =
      estimate_median(measurement.samples_ns, measurement.round_medians, measurement.places).half_width();
  return fmt::format(
      "max_time was spent before the median's 95 % interval was within ±{:.2g} %: {}", 100 * how.target_ci,
      std::isfinite(half) ? fmt::format("it is ±{:.2g} %", 100 * half) : "too few rounds for an interval");
}

}  // namespace

void add_steady_state(Result& result, const Measurement& measurement, int64_t inferences_a_sample,
                      const Measure& how) {
  const auto count = static_cast<int64_t>(measurement.samples_ns.size());
  const double inferences = static_cast<double>(inferences_a_sample);
  if (result.run.streams == 1) {
    add_latency(result, measurement);
  } else {
    result.evidence["sample"] =
        fmt::format("a round of {} inferences in {} streams", inferences_a_sample, result.run.streams);
    result.notes.push_back("several streams: a sample is a round of all, so no latency is told");
  }
  add_metric(result, "throughput",
             static_cast<double>(result.run.batch) * inferences * 1e9 / median(measurement.samples_ns),
             "images/s", Direction::higher_is_better);
  add_loop_counts(result, measurement, inferences * static_cast<double>(count));
  result.seconds += measurement.seconds;
  result.evidence["rounds"] = std::to_string(measurement.round_medians.size());
  if (count < how.min_samples)
    result.notes.push_back(
        fmt::format("{} samples, fewer than min_samples ({}): max_time was spent", count, how.min_samples));
  const bool precise = measurement.stopped_by == StoppingRule::Verdict::precise;
  result.evidence["stopped_by"] =
      precise ? "the median's 95 % interval is within the target"
              : "the time budget was spent before the median's interval reached the target";
  if (!precise) result.notes.push_back(missed_target(measurement, how));
}

void add_parts(Result& result, const PartTimes& parts_ns) {
  for (const auto& [name, samples] : parts_ns)
    add_metric(result, name + "_p50", median(samples), "ns", Direction::lower_is_better);
}

void add_noise(Result& result, const Noise& noise, bool repeated) {
  for (const auto& [name, value] : described(noise)) result.evidence[name] = value;
  if (repeated)
    result.evidence["repeated"] =
        "once, because the first measurement was disturbed; the quieter one is kept";
  const std::vector<std::string> reasons = disturbances(noise);
  if (reasons.empty()) return;
  result.evidence["disturbed"] = fmt::format("{}", fmt::join(reasons, "; "));
  result.notes.push_back("disturbed: " + result.evidence["disturbed"]);
}

void add_same_images(Result& result, double speedup) {
  constexpr double told_from = 1.1;  // TEST04 of MLPerf inference
  add_metric(result, "same_images_speedup", speedup, "x", Direction::neutral);
  if (speedup > told_from)
    result.notes.push_back(fmt::format(
        "{:.2f} times as fast with the same images again: that is their way from memory, or the engine keeps "
        "answers; the reported time is with other images each time",
        speedup));
}

void add_layers(Result& result, std::vector<LayerRecord> layers, const ComputedShares& shares,
                std::optional<double> inference_ns, const Ceilings& ceilings) {
  std::vector<LayerRecord> computed = without_padding(layers, shares);
  for (size_t i = 0; i < layers.size(); ++i)
    if (const auto found = roof(computed[i], ceilings)) {
      layers[i].bound_ns = found->bound_ns;
      layers[i].memory_bound = found->memory_bound;
    }
  // Copies between host and device take part in the inference, but not in what the device could do meanwhile.
  std::erase_if(computed, [](const LayerRecord& layer) { return layer.kind == "transfer"; });
  const Roofline whole = roofline(computed, ceilings);
  if (whole.arithmetic_share)
    add_metric(result, "ceiling_share", 100 * *whole.arithmetic_share, "%", Direction::higher_is_better);
  add_metric(result, "memory_bound_share", 100 * whole.memory_bound_share, "%", Direction::neutral);
  add_metric(result, "reorder_share", 100 * reorder_share(layers), "%", Direction::lower_is_better);
  if (!ceilings.disturbed.empty())
    result.notes.push_back(fmt::format(
        "the ceilings were disturbed whenever they were measured, and the shares of them may be too "
        "high: {}; run `bitsweep doctor` when it is quiet",
        ceilings.disturbed.back()));
  const Coverage covered = inference_ns ? coverage(layers, *inference_ns) : Coverage{0, true};
  if (inference_ns)
    add_metric(result, "layers_coverage", 100 * covered.share, "%", Direction::neutral);
  else
    result.notes.push_back("the layers' times are those of one stream alone");
  if (!covered.agrees)
    result.notes.push_back(fmt::format(
        "the layers' times add up to {:.0f} % of the inference's: timing each of them costs time, or "
        "something is not in the list; read them as shares",
        100 * covered.share));
  result.layers = std::move(layers);
}

void add_speedup(Result& result, const Ratio& ratio) {
  add_metric(result, "speedup", ratio.value, "x", Direction::higher_is_better);
  if (!std::isfinite(ratio.interval.high)) return;  // too few rounds
  add_metric(result, "speedup_low", ratio.interval.low, "x", Direction::higher_is_better);
  add_metric(result, "speedup_high", ratio.interval.high, "x", Direction::higher_is_better);
}

}  // namespace bitsweep
