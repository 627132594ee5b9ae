// Steady-state timing: Google Benchmark drives the loop, each inference is timed on its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/experiment.h"
#include "harness/stopping_rule.h"

namespace bitsweep {

/// Times of the parts of steps by name, ns, e.g. what a device spent on copies.
using PartTimes = std::map<std::string, std::vector<int64_t>>;

/// Something to be timed against its neighbours.
struct Candidate {
  std::string name;            ///< unique among the candidates
  std::function<void()> step;  ///< one inference of one batch, or one round of several streams; may throw
  std::function<void()> before_step = {};   ///< not timed, e.g. emptying the caches; may be empty
  std::function<void()> before_slice = {};  ///< not timed, e.g. going to another place; may be empty
  size_t places = 1;                        ///< in memory, which its slices go through in turn
  /// Not timed: adds what the parts of the step took that was just timed; may be empty.
  std::function<void(PartTimes&)> add_parts = {};
};

/// What disturbed the timed loop, of this process. Source: getrusage(2).
struct LoopCounts {
  int64_t page_faults = 0;           ///< minor and major
  int64_t involuntary_switches = 0;  ///< another thread took a core
};

struct Measurement {
  std::vector<int64_t> samples_ns;    ///< steady clock, in the order taken
  std::vector<double> round_medians;  ///< ns
  size_t places = 1;                  ///< that the rounds went through in turn
  PartTimes parts_ns;                 ///< one a sample
  double seconds = 0;                 ///< wall time of its slices
  LoopCounts counts;
  StoppingRule::Verdict stopped_by = StoppingRule::Verdict::go_on;
  std::string error;  ///< what a step threw; empty if none did
};

/// Times the candidates in rounds: in each round every one gets a short slice, in random order (Google
/// Benchmark's random interleaving). So drift of the machine meets all alike, and rounds can be compared one
/// by one. A candidate that is precise by its StoppingRule goes on beside those that are not; one whose time
/// is spent ends. `starting(index)` is called before each slice. Returns one measurement a candidate, in
/// their order.
std::vector<Measurement> measure_interleaved(const std::vector<Candidate>& candidates, const Measure& how,
                                             const std::function<void(size_t)>& starting);

}  // namespace bitsweep
