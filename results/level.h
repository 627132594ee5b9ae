// The level of a stretch of values. Pure.
#pragma once

#include <span>
#include <vector>

namespace bitsweep {

/// Median absolute deviation of a normal variable to its standard deviation.
inline constexpr double as_deviation = 1.4826;

/// The mean of the middle two for an even number; reorders. Needs one value.
double middle(std::vector<double>& values);

/// The level of a part: mean of the values, none taken to lie further than 2.5 deviations from the median.
struct Level {
  double value = 0;
  double deviation = 0;  ///< of one value around it, 1.4826 * the median absolute deviation
};
Level level_of(std::span<const double> values, std::span<const double> weights);

}  // namespace bitsweep
