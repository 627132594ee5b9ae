// Why is it not faster? Computed from what ran, never from what is usual.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/result.h"
#include "harness/statistics.h"

namespace bitsweep {

/// Short sentences, the most important first: the speed-up and whether it can be told from 1; what quantising
/// and reordering cost; layers without a fast kernel; layers that no other took in; instructions that the CPU
/// lacks, or has and layers do not use; how near they come to the ceilings; layers bound by memory; layers
/// that became slower; for pruned networks whether any kernel used the zeros.
///   variant   a measured result with its layers
///   baseline  what it is compared with: for pruned networks the unpruned one of the same precision, else the
///             unpruned fp32 one; null if none was measured beside it
///   ratio     the speed of the variant over the baseline's; null likewise
std::vector<std::string> explain(const Result& variant, const Result* baseline, const Ratio* ratio);

/// "2.35x (2.31 to 2.39)"
std::string to_text(const Ratio& ratio);

}  // namespace bitsweep
