#include "results/series_kind.h"

#include <algorithm>
#include <cmath>

#include "harness/statistics.h"
#include "results/level.h"

namespace bitsweep {
namespace {

/// Calls visit(first, values of the segment) for each.
template <typename Visit>
void for_each_segment(std::span<const double> values, const std::vector<int64_t>& cuts, Visit visit) {
  size_t first = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t last = i == cuts.size() ? values.size() : static_cast<size_t>(cuts[i]);
    if (last > first) visit(first, values.subspan(first, last - first));
    first = last;
  }
}

/// Squares around the least-squares line, and its slope.
std::pair<double, double> line_through(std::span<const double> values) {
  const double n = static_cast<double>(values.size()), centre = (n - 1) / 2;
  double sum = 0, moment = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    moment += (static_cast<double>(i) - centre) * values[i];
  }
  const double slope = moment / (n * (n * n - 1) / 12), mean = sum / n;
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double rest = values[i] - mean - slope * (static_cast<double>(i) - centre);
    squares += rest * rest;
  }
  return {squares, slope};
}

}  // namespace

std::string to_text(SeriesShape shape) {
  switch (shape) {
    case SeriesShape::too_short:
      return "too short";
    case SeriesShape::drift:
      return "drift";
    case SeriesShape::two_modes:
      return "two modes";
    case SeriesShape::level_shift:
      return "level shift";
    case SeriesShape::spikes:
      return "spikes";
    case SeriesShape::steady:
      return "steady";
  }
  return "";
}

std::optional<double> drift(std::span<const double> values, const std::vector<int64_t>& cuts) {
  const std::vector<double> equal(values.size(), 1.0);
  std::vector<double> rests;
  std::vector<double> levels(values.size());
  for_each_segment(values, cuts, [&](size_t first, std::span<const double> part) {
    const double level = level_of(part, equal).value;
    for (size_t i = 0; i < part.size(); ++i) {
      levels[first + i] = level;
      rests.push_back(part[i] - level);
    }
  });
  std::vector<double> sizes(rests);
  for (double& rest : sizes) rest = std::abs(rest);
  const double most = 3 * as_deviation * middle(sizes);
  std::vector<double> limited(values.size());
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double rest = std::clamp(rests[i], -most, most);
    limited[i] = levels[i] + rest;
    squares += rest * rest;
  }
  const auto [line_squares, slope] = line_through(limited);
  const double n = static_cast<double>(values.size());
  const double evidence =
      n * std::log(squares / line_squares);  // NaN or minus infinity without noise: no drift
  if (evidence > 6 - 2 * (static_cast<double>(cuts.size()) - 1) * std::log(n)) return slope;
  return std::nullopt;
}

std::optional<Modes> two_modes(std::span<const double> values) {
  const size_t count = values.size();
  if (count < 20) return std::nullopt;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(count),
               origin = sorted[count / 2];  // sums of small numbers lose no digits
  double sum = 0, squares = 0;
  for (const double value : sorted) sum += value - origin, squares += (value - origin) * (value - origin);
  double below = 0, most = -1;
  size_t best = 1;
  double best_below = 0;
  for (size_t i = 1; i < count; ++i) {
    below += sorted[i - 1] - origin;
    const double k = static_cast<double>(i), above = sum - below;
    const double between = below * below / k + above * above / (n - k);
    if (sorted[i] > sorted[i - 1] && between > most) most = between, best = i, best_below = below;
  }
  if (most < 0) return std::nullopt;
  Modes modes;
  const double lower = static_cast<double>(best), upper = n - lower;
  modes.low = origin + best_below / lower;
  modes.high = origin + (sum - best_below) / upper;
  modes.share_of_high = upper / n;
  const double apart = modes.high - modes.low, border = (sorted[best - 1] + sorted[best]) / 2;
  const double deviation = std::sqrt(std::max(0.0, squares - most) / n);
  const auto between = std::count_if(sorted.begin(), sorted.end(), [&](double value) {
    return value > modes.low + apart / 3 && value < modes.high - apart / 3;
  });
  for (size_t i = 1; i < count; ++i) modes.switches += (values[i] > border) != (values[i - 1] > border);
  const double fewest = std::max(5.0, 0.05 * n);
  if (std::min(lower, upper) < fewest || apart < 4 * deviation || static_cast<double>(between) >= 0.04 * n ||
      modes.switches < 6)
    return std::nullopt;
  return modes;
}

std::vector<int64_t> spikes(std::span<const double> values, const std::vector<int64_t>& cuts,
                            int64_t minimum_segment) {
  std::vector<int64_t> found;
  for_each_segment(values, cuts, [&](size_t first, std::span<const double> part) {
    if (static_cast<int64_t>(part.size()) < 2 * minimum_segment) return;
    const double centre = median(part);
    std::vector<double> above, below;
    for (const double value : part) {
      if (value >= centre) above.push_back(value - centre);
      if (value <= centre) below.push_back(centre - value);
    }
    const double high = 6 * as_deviation * middle(above), low = 6 * as_deviation * middle(below);
    const auto is_far = [&](size_t i) { return part[i] - centre > high || centre - part[i] > low; };
    for (size_t i = 0, last = 0; i < part.size(); i = std::max(last, i + 1)) {
      for (last = i; last < part.size() && is_far(last);) ++last;
      if (static_cast<int64_t>(last - i) < minimum_segment)
        for (size_t k = i; k < last; ++k) found.push_back(static_cast<int64_t>(first + k));
    }
  });
  return found;
}

}  // namespace bitsweep
