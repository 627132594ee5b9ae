// How far a window reaches.
#pragma once

#include <cstdint>

#include "harness/network.h"

namespace bitsweep {

/// Elements that the window covers along one axis (0: vertical, 1: horizontal), dilation included.
inline int64_t extent(const Window& window, size_t axis) {
  return window.dilation[axis] * (window.kernel[axis] - 1) + 1;
}

}  // namespace bitsweep
