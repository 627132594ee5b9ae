// A whole made-up sweep of realistic size and shape, to look at reports with.
#pragma once

#include <random>
#include <string>

#include "harness/result.h"

namespace bitsweep::examples {

/// MLP, ResNet-18, ResNet-50 and VGG-16 in four precisions, two batches, dense and pruned; fp16 is
/// unsupported, one run crashed and one is inaccurate.
void fill_with_sweep(const std::string& path);

/// What a run of such a sweep leaves: samples, layers and evidence as a real one has, most ok. `run.model` is
/// one of the four.
Result carried_out(const Run& run, size_t most_samples, std::mt19937& random);

}  // namespace bitsweep::examples
