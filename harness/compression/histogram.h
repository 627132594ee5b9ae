// How often values of which magnitude occur: what calibration looks at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/backend.h"

namespace bitsweep {

/// |values| in bins of equal width from 0 to the largest magnitude of the range. Zeros are counted apart:
/// every quantisation keeps them exactly, and after a ReLU they are half of all values, which would hide the
/// rest.
struct Histogram {
  static constexpr size_t bin_count = 2048;  ///< as TensorRT's

  explicit Histogram(Range observed);

  /// Values outside of the range fall into the last bin.
  void add(std::span<const float> values);

  float largest() const;  ///< magnitude of the range
  float width() const;    ///< of a bin
  bool has_negative() const { return range.low < 0; }

  Range range;
  int64_t zeros = 0;
  std::vector<int64_t> bins;
};

}  // namespace bitsweep
