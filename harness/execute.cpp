#include "harness/execute.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "harness/block_timing.h"
#include "harness/clock.h"
#include "harness/comparison.h"
#include "harness/denormals.h"
#include "harness/explanation.h"
#include "harness/findings.h"
#include "harness/gpu_evidence.h"
#include "harness/layer_evidence.h"
#include "harness/machine.h"
#include "harness/memory_lock.h"
#include "harness/prepare.h"
#include "harness/roofline.h"
#include "harness/table.h"
#include "harness/timed_run.h"

namespace bitsweep {
namespace {

constexpr int profile_turns = 8;
constexpr double seconds_of_same_images = 0.1;

/// The inputs of all runs, larger than the caches together.
class InputPools {
 public:
  const InputPool& of(const Prepared& prepared) {
    const auto key = std::make_pair(prepared.images, prepared.result.run.batch);
    const auto found = pools_.find(key);
    if (found != pools_.end()) return found->second;
    return pools_.try_emplace(key, *prepared.images, prepared.result.run.batch, 2 * cache_bytes())
        .first->second;
  }

 private:
  std::map<std::pair<const Samples*, int64_t>, InputPool> pools_;
};

/// One block on its way through the steps.
class Execution {
 public:
  Execution(const Order& order, const std::vector<Backend>& backends,
            const std::function<void(size_t)>& active,
            const std::function<void(size_t, const Result&)>& finished)
      : order_(order),
        active_(active),
        finished_(finished),
        backends_(backends),
        machine_(inspect_machine()),
        watch_(watch_cores(machine_)),
        preparation_(backends, machine_, order.measure) {}

  void run() {
    prepare();
    measure();
    profile();
    for (size_t k = 0; k < measured_.size(); ++k) try_to_take_evidence(k);
    for (size_t k = 0; k < measured_.size(); ++k) {
      compare(k);
      finished_(measured_[k], result(k));
    }
  }

 private:
  Prepared& prepared(size_t k) { return block_[measured_[k]]; }
  Result& result(size_t k) { return prepared(k).result; }
  bool failed(size_t k) const { return !timing_.measurements[k].error.empty(); }

  bool believed(size_t k) { return result(k).outcome == Outcome::ok; }

  void prepare() {
    const auto is_final = [&](size_t i) { return block_[i].sessions.empty(); };
    for (size_t i = 0; i < order_.runs.size(); ++i) {
      active_(i);
      block_.push_back(preparation_.prepare(order_.runs[i]));
      if (is_final(i))
        finished_(i, block_[i].result);
      else
        measured_.push_back(i);
    }
    add_sessions(block_, active_);
    for (const size_t i : measured_)
      if (is_final(i)) finished_(i, block_[i].result);
    std::erase_if(measured_, is_final);
    for (const size_t i : measured_) runs_.push_back(order_.runs[i]);
  }

  void measure() {
    std::vector<Candidate> candidates;
    for (size_t k = 0; k < measured_.size(); ++k) {
      timed_.emplace_back(prepared(k), pools_.of(prepared(k)), evictor_);
      candidates.push_back(timed_.back().candidate());
    }
    memory_ = lock_memory();
    timing_ =
        time_block(candidates, order_.measure, watch(candidates), [&](size_t k) { active_(measured_[k]); });
    // Speed-ups compare only what shared a process, and so was interleaved.
    together_ = fmt::format("{} {} {}", machine_.host, getpid(), utc_now());
  }

  /// Also of a device that some of the runs are on, under the load of the first of them.
  Watch watch(const std::vector<Candidate>& candidates) {
    for (size_t k = 0; k < measured_.size(); ++k)
      if (const auto device = result(k).evidence.find("device"); device != result(k).evidence.end())
        return watch_gpu(watch_, device->second, candidates[k].step);
    return watch_;
  }

  void try_to_take_evidence(size_t k) {
    active_(measured_[k]);
    Measurement& measurement = timing_.measurements[k];
    result(k).samples_ns = measurement.samples_ns;
    try {
      if (!failed(k)) take_evidence(k, measurement);
    } catch (const std::exception& error) {
      measurement.error = error.what();
    }
    if (!failed(k)) return;
    result(k).outcome = Outcome::failed;
    result(k).reason = measurement.error;
  }

  /// What run k shows by itself.
  void take_evidence(size_t k, const Measurement& measurement) {
    add_steady_state(result(k), measurement, timed_[k].inferences_a_sample(), order_.measure);
    add_parts(result(k), measurement.parts_ns);
    add_noise(result(k), timing_.noise, timing_.repeated);
    result(k).evidence["measured_together"] = together_;
    result(k).evidence["memory"] = memory_;
    result(k).evidence["inputs"] =
        fmt::format("{} batches in turn, {} of different images, {} MiB", pools_.of(prepared(k)).size(),
                    pools_.of(prepared(k)).distinct(), pools_.of(prepared(k)).bytes() >> 20);
    if (result(k).run.caches == Caches::cold)
      result(k).evidence["evicted"] =
          fmt::format("{} GiB in all, before each inference", timed_[k].evicted_bytes() >> 30);
    if (result(k).run.streams == 1)
      result(k).evidence["places"] =
          fmt::format("{} in memory, from slice to slice in turn{}", timed_[k].places(),
                      timed_[k].places() < least_places ? ", too few for an interval over them" : "");
    result(k).evidence["denormals"] = fmt::format(
        "flushed in {} of {} threads", threads_that_flush(prepared(k).threads), prepared(k).threads);
    check_outputs(k);
    if (result(k).run.streams == 1 && result(k).run.caches == Caches::warm)
      add_same_images(result(k), timed_[k].same_images_again(seconds_of_same_images));
    add_profile(k);
    if (const auto device = result(k).evidence.find("device"); device != result(k).evidence.end())
      add_gpu_evidence(result(k), std::string(device->second), timed_[k].candidate().step,
                       timed_[k].inferences_a_sample());
  }

  void check_outputs(size_t k) {
    auto& evidence = result(k).evidence;
    evidence["scored_outputs"] = timed_[k].scored_outputs_hash();
    evidence["timed_outputs"] = timed_[k].timed_outputs_hash();
    if (evidence["scored_outputs"] == evidence["timed_outputs"] && timed_[k].wrong_slices() == 0) return;
    result(k).outcome = Outcome::inaccurate;
    result(k).reason = "the timed inference gave another output than the scored one for the same images";
  }

  /// The layers of all runs in context, in turn, so that what disturbs meets all.
  void profile() {
    profiles_.resize(measured_.size());
    const std::function<Noise()> end = watch_();
    for (int turn = 0; turn < profile_turns; ++turn)
      for (size_t k = 0; k < measured_.size(); ++k) {
        active_(measured_[k]);
        try {
          if (!failed(k)) profile_a_turn(k, turn);
        } catch (const std::exception& error) {
          timing_.measurements[k].error = error.what();
        }
      }
    profile_noise_ = end();
  }

  /// As it was timed: rotating inputs, another place in memory each turn, cold caches if asked for; of
  /// several streams one alone. In all turns together often enough for a median, for about a second.
  void profile_a_turn(size_t k, int turn) {
    constexpr double about_a_second = 1e9;
    const bool cold = result(k).run.caches == Caches::cold;
    const auto& sessions = prepared(k).sessions;
    Session& session = *sessions[result(k).run.streams > 1 ? 0 : static_cast<size_t>(turn) % sessions.size()];
    const double all = about_a_second / median(timing_.measurements[k].samples_ns);
    const int repetitions = static_cast<int>(std::clamp(all / profile_turns, 1.0, cold ? 2.0 : 13.0));
    const InputPool& inputs = pools_.of(prepared(k));
    for (int i = 0; i < repetitions; ++i) {
      if (cold) evictor_.evict(prepared(k).threads);
      profiles_[k].push_back(session.profile(inputs[turn * repetitions + i], 1));
    }
  }

  /// Each layer with the median of its times.
  std::vector<LayerRecord> median_profile(size_t k) const {
    std::vector<LayerRecord> layers = profiles_[k].front();
    for (size_t i = 0; i < layers.size(); ++i) {
      std::vector<int64_t> times_ns;
      for (const std::vector<LayerRecord>& one : profiles_[k])
        times_ns.push_back(std::llround(one[i].time_ns));
      layers[i].time_ns = median(times_ns);
    }
    return layers;
  }

  void add_profile(size_t k) {
    std::vector<LayerRecord> layers = median_profile(k);
    const double sample_ns = median(timing_.measurements[k].samples_ns);
    const int64_t of_all = prepared(k).threads * result(k).run.streams;
    const Backend& backend = pick(backends_, "backend", result(k).run.backend);
    const auto of_threads = [&](int64_t threads) -> Ceilings& {
      return ceilings_of(backend, static_cast<int>(std::min<int64_t>(threads, machine_.logical_cores)));
    };
    Ceilings &ceilings = of_threads(prepared(k).threads), &of_streams = of_threads(of_all);
    const std::vector<LayerRecord> computed = without_padding(layers, prepared(k).computed_shares);
    const double inference_ns = sample_ns / static_cast<double>(timed_[k].inferences_a_sample());
    const auto above = [&] { return too_fast(computed, ceilings, of_streams, inference_ns); };
    // Were the ceilings measured beside something else? To spoil all of these, it must be very lasting.
    for (int again = 0; again < 3 && !above().empty(); ++again)
      for (Ceilings* low : std::set{&ceilings, &of_streams})
        *low = raise_ceilings(machine_,
                              backend.device ? backend.measure_ceilings() : measure_ceilings(low->threads));
    const std::string too_fast_to_be_true = above();
    const bool several =
        result(k).run.streams > 1;  // then there is no time of an inference to hold them against
    add_layers(result(k), std::move(layers), prepared(k).computed_shares,
               several ? std::nullopt : std::optional(sample_ns), ceilings);
    if (const auto reasons = disturbances(profile_noise_); !reasons.empty())
      result(k).notes.push_back(
          fmt::format("disturbed while the layers were timed: {}", fmt::join(reasons, "; ")));
    if (too_fast_to_be_true.empty() || result(k).outcome != Outcome::ok) return;
    result(k).outcome = Outcome::failed;
    result(k).reason = too_fast_to_be_true + "; something is not computed, or not timed";
  }

  /// What run k shows beside the others.
  void compare(size_t k) {
    if (!believed(k)) return;
    const auto fp32 = fp32_baseline(runs_[k], runs_), dense = dense_baseline(runs_[k], runs_);
    if (fp32 && believed(*fp32)) add_speedup(result(k), ratio(*fp32, k));
    const bool pruned = runs_[k].pruning.method != "none";
    const auto baseline = pruned ? dense : fp32;
    if (!pruned && runs_[k].precision == Precision::fp32) return;  // there is nothing to explain
    if (!baseline || !believed(*baseline)) {
      result(k).explanation = explain(result(k), nullptr, nullptr);
      return;
    }
    const Ratio over_baseline = ratio(*baseline, k);
    result(k).explanation = explain(result(k), &result(*baseline), &over_baseline);
  }

  /// The speed of run k over that of `baseline`.
  Ratio ratio(size_t baseline, size_t k) {
    const auto an_inference = [&](size_t run) {
      std::vector<double> medians = timing_.measurements[run].round_medians;
      for (double& median : medians) median /= static_cast<double>(timed_[run].inferences_a_sample());
      return medians;
    };
    return speed_ratio(an_inference(baseline), an_inference(k), timed_[k].places());
  }

  /// Of the backend's device; of an engine on the CPU those of so many threads.
  Ceilings& ceilings_of(const Backend& backend, int threads) {
    const std::string device = backend.device ? backend.device().name : "";
    const auto key = std::make_pair(device, device.empty() ? threads : 0);
    const auto found = ceilings_.find(key);
    if (found != ceilings_.end()) return found->second;
    return ceilings_
        .emplace(key, device.empty() ? ceilings(machine_, threads)
                                     : ceilings(machine_, device, backend.measure_ceilings))
        .first->second;
  }

  const Order& order_;
  const std::function<void(size_t)>& active_;
  const std::function<void(size_t, const Result&)>& finished_;
  const std::vector<Backend>& backends_;
  Machine machine_;
  Watch watch_;
  Preparation preparation_;
  std::vector<Prepared> block_;
  /// Positions in the block of the runs that could be measured, which k counts, and these runs.
  std::vector<size_t> measured_;
  std::vector<Run> runs_;
  InputPools pools_;
  CacheEvictor evictor_;
  std::deque<TimedRun> timed_;
  Timing timing_;
  std::vector<std::vector<std::vector<LayerRecord>>> profiles_;  ///< of each run all that were taken
  Noise profile_noise_;
  std::string together_;
  std::string memory_;                                        ///< what came of locking it
  std::map<std::pair<std::string, int>, Ceilings> ceilings_;  ///< by device and threads
};

}  // namespace

void execute(const Order& order, const std::vector<Backend>& backends,
             const std::function<void(size_t)>& active,
             const std::function<void(size_t, const Result&)>& finished) {
  Execution(order, backends, active, finished).run();
}

}  // namespace bitsweep
