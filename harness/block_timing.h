// Timing the runs of a block together, watching what else goes on: a disturbed measurement is repeated once.
#pragma once

#include <functional>
#include <vector>

#include "harness/machine.h"
#include "harness/measure.h"
#include "harness/noise.h"

namespace bitsweep {

/// Begins to watch; what it gives ends that and tells what went on meanwhile.
using Watch = std::function<std::function<Noise()>()>;

/// Of the cores that this machine gives the process.
Watch watch_cores(const Machine& machine);

/// What was measured, and what else went on.
struct Timing {
  std::vector<Measurement> measurements;  ///< one a candidate, in their order
  Noise noise;
  bool repeated = false;
};

/// The quieter of two measurements if the first one was disturbed; both may be, and then the one that is kept
/// says so in its noise. `starting` as for measure_interleaved.
Timing time_block(const std::vector<Candidate>& candidates, const Measure& how, const Watch& watch,
                  const std::function<void(size_t)>& starting);

}  // namespace bitsweep
