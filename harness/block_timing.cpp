#include "harness/block_timing.h"

#include <utility>

namespace bitsweep {
namespace {

Timing time_once(const std::vector<Candidate>& candidates, const Measure& how, const Watch& watch,
                 const std::function<void(size_t)>& starting) {
  const std::function<Noise()> end = watch();
  Timing timing;
  timing.measurements = measure_interleaved(candidates, how, starting);
  timing.noise = end();
  return timing;
}

}  // namespace

Watch watch_cores(const Machine& machine) {
  return [core_set = machine.core_set, cores = machine.logical_cores] {
    return [=, before = system_counts(core_set)] {
      return noise_between(before, system_counts(core_set), cores);
    };
  };
}

Timing time_block(const std::vector<Candidate>& candidates, const Measure& how, const Watch& watch,
                  const std::function<void(size_t)>& starting) {
  Timing first = time_once(candidates, how, watch, starting);
  if (candidates.empty() || disturbances(first.noise).empty()) return first;
  Timing second = time_once(candidates, how, watch, starting);
  Timing& quieter = loudness(second.noise) < loudness(first.noise) ? second : first;
  quieter.repeated = true;
  return std::move(quieter);
}

}  // namespace bitsweep
