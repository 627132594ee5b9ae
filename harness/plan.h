// From an experiment to the list of its runs. Pure: nothing is started, nothing is looked up.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/experiment.h"
#include "harness/run.h"

namespace bitsweep {

/// Runs that must be compared fairly: same node, measured in turn, dispatched as one unit.
struct Block {
  std::vector<Run> runs;
};

/// Crosses the axes in the order written (the last one turns fastest), applies `fixed`, drops what `exclude`
/// matches, adds `include`, drops repeated runs (the first stays), and groups runs that differ only in the
/// interleaved fields into blocks. Blocks and the runs within them keep the order in which they come up.
std::vector<Block> expand(const Experiment& experiment);

size_t run_count(const std::vector<Block>& blocks);

/// Whether `fixed` and the axes make runs: always, except where there are no axes and `include` lists the
/// runs.
bool is_crossed(const Experiment& experiment);

/// Runs before exclusion, repeated ones included; without making them.
double crossed_runs(const Experiment& experiment);

/// More are taken for a mistake: no sweep of a million runs ends.
constexpr double max_runs = 1e6;

/// Whether an exclusion can drop a run of the axes; without making them.
bool can_match(const Experiment& experiment, const Pattern& exclusion);

}  // namespace bitsweep
