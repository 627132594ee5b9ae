// The normal distribution. Pure.
#pragma once

#include <cmath>
#include <numbers>

namespace bitsweep {

inline double normal_density(double z) {
  return std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

/// The share below z.
inline double normal_share(double z) {
  return std::erfc(-z / std::numbers::sqrt2) / 2;
}

}  // namespace bitsweep
