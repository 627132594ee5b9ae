// A whole made-up sweep of realistic size and shape, to look at reports with.
#pragma once

#include <string>

namespace bitsweep::examples {

/// MLP, ResNet-18, ResNet-50 and VGG-16 in four precisions, two batches, dense and pruned; fp16 is
/// unsupported, one run crashed and one is inaccurate.
void fill_with_sweep(const std::string& path);

}  // namespace bitsweep::examples
