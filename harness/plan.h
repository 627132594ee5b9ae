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

/// Crosses the axes in the order written, applies `fixed`, drops what `exclude` matches, adds `include`,
/// drops repeated runs (the first stays), and groups runs that differ only in the interleaved fields into
/// blocks.
std::vector<Block> expand(const Experiment& experiment);

size_t run_count(const std::vector<Block>& blocks);

}  // namespace bitsweep
