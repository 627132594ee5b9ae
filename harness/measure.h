// Steady-state timing: Google Benchmark drives the loop, each inference is timed on its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/experiment.h"
#include "harness/statistics.h"

namespace bitsweep {

/// Something to be timed against its neighbours.
struct Candidate {
  std::string name;            ///< unique among the candidates
  std::function<void()> step;  ///< one inference of one batch; may throw
};

struct Measurement {
  std::vector<int64_t> samples_ns;  ///< steady clock, in the order taken
  StoppingRule::Verdict stopped_by = StoppingRule::Verdict::go_on;
  std::string error;  ///< what a step threw; empty if none did
};

/// Times the candidates in rounds: in each round every unfinished one gets several short slices, in random
/// order among all slices (Google Benchmark's random interleaving), until each one's StoppingRule ends it. So
/// drift of the machine meets all alike. `starting(index)` is called before each slice. Returns one
/// measurement a candidate, in their order.
std::vector<Measurement> measure_interleaved(const std::vector<Candidate>& candidates, const Measure& how,
                                             const std::function<void(size_t)>& starting);

}  // namespace bitsweep
