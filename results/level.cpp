#include "results/level.h"

#include <algorithm>
#include <cmath>

namespace bitsweep {

double middle(std::vector<double>& values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return values.size() % 2 == 1 ? *half : (*half + *std::max_element(values.begin(), half)) / 2;
}

Level level_of(std::span<const double> values, std::span<const double> weights) {
  std::vector<double> work(values.begin(), values.end());
  const double centre = middle(work);
  for (double& value : work) value = std::abs(value - centre);
  const double deviation = as_deviation * middle(work), most = 2.5 * deviation;
  double sum = 0, weight = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] * std::clamp(values[i] - centre, -most, most);
    weight += weights[i];
  }
  return {centre + sum / weight, deviation};
}

}  // namespace bitsweep
