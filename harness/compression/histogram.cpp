#include "harness/compression/histogram.h"

#include <algorithm>
#include <cmath>

namespace bitsweep {

Histogram::Histogram(Range observed) : range(observed), bins(bin_count, 0) {}

float Histogram::largest() const {
  return std::max(-range.low, range.high);
}

float Histogram::width() const {
  return largest() / static_cast<float>(bin_count);
}

void Histogram::add(std::span<const float> values) {
  const float bins_a_unit = largest() > 0 ? static_cast<float>(bin_count) / largest() : 0;
#pragma omp parallel
  {
    std::vector<int64_t> own(bin_count, 0);
    int64_t own_zeros = 0;
#pragma omp for nowait
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 0)
        ++own_zeros;
      else
        ++own[std::min(static_cast<size_t>(std::abs(values[i]) * bins_a_unit), bin_count - 1)];
    }
#pragma omp critical
    {
      zeros += own_zeros;
      std::transform(own.begin(), own.end(), bins.begin(), bins.begin(), std::plus<>());
    }
  }
}

}  // namespace bitsweep
