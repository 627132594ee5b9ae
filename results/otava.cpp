#include "results/otava.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>

#include "results/student.h"

namespace bitsweep {
namespace {

using Values = std::span<const double>;

std::vector<double> without_gaps(const std::vector<std::optional<double>>& values) {
  const auto first =
      std::find_if(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
  if (first == values.end()) return {};
  std::vector<double> filled;
  for (const auto& value : values) filled.push_back(value.value_or(filled.empty() ? **first : filled.back()));
  return filled;
}

/// The means and deviations of two sides, and whether they differ by a t-test.
OtavaChangePoint compare(Values left, Values right, int64_t index) {
  const auto mean = [](Values side) {
    double sum = 0;
    for (const double value : side) sum += value;
    return sum / static_cast<double>(side.size());
  };
  const auto deviation = [](Values side, double mean) {
    double squares = 0;
    for (const double value : side) squares += (value - mean) * (value - mean);
    return std::sqrt(squares / static_cast<double>(side.size()));
  };
  OtavaChangePoint change;
  change.index = index;
  change.before = mean(left);
  change.after = mean(right);
  change.deviation_before = deviation(left, change.before);
  change.deviation_after = deviation(right, change.after);
  const double n = static_cast<double>(left.size()), m = static_cast<double>(right.size());
  if (n + m <= 2) return change;
  const double pooled = ((n - 1) * change.deviation_before * change.deviation_before +
                         (m - 1) * change.deviation_after * change.deviation_after) /
                        (n + m - 2);
  // 0 / 0 for two sides of one and the same value: NaN, which is never significant.
  change.p_value =
      two_sided_chance((change.before - change.after) / std::sqrt(pooled * (1 / n + 1 / m)), n + m - 2);
  return change;
}

double magnitude(const OtavaChangePoint& change) {
  const auto relative = [](double from, double to) { return from == 0 ? 0 : std::abs(to / from - 1); };
  return std::max(relative(change.before, change.after), relative(change.after, change.before));
}

struct Candidate {
  size_t index = 0;
  double distance = 0;
};

/// A triangle of sums: [t][k] holds one over x[t] and what follows it before k.
using Sums = std::vector<std::vector<double>>;

/// Where the two sides are furthest apart by the energy distance, the right side ending anywhere; the first
/// of equals. Needs two values. Sums are built up in Otava's order, so that ties fall alike.
Candidate furthest(Values window, size_t first, size_t last) {
  const Values x = window.subspan(first, last - first);
  const size_t n = x.size();
  Sums from_one(n, std::vector<double>(n + 1, 0));   // distances of x[t] to the following
  Sums among(n + 1, std::vector<double>(n + 1, 0));  // distances among x[t, k)
  std::vector<double> among_left(n + 1, 0);          // distances among x[0, t)
  std::vector<double> from_left(n + 1, 0);           // from_one, of all x[0, t), for each k
  for (size_t t = 0; t < n; ++t)
    for (size_t k = t + 1; k < n; ++k) from_one[t][k + 1] = from_one[t][k] + std::abs(x[t] - x[k]);
  for (size_t t = n; t-- > 0;)
    for (size_t k = t + 1; k <= n; ++k) among[t][k] = among[t + 1][k] + from_one[t][k];
  for (size_t t = 1; t < n; ++t) {
    double to_left = 0;
    for (size_t i = 0; i < t; ++i) to_left += std::abs(x[i] - x[t]);
    among_left[t + 1] = among_left[t] + to_left;
  }
  Candidate best{first, -std::numeric_limits<double>::infinity()};
  for (size_t t = 1; t < n; ++t) {
    for (size_t k = t; k <= n; ++k) from_left[k] += from_one[t - 1][k];
    for (size_t k = t + 1; k <= n; ++k) {
      const double all = static_cast<double>(k), left = static_cast<double>(t),
                   right = static_cast<double>(k - t);
      const double across = 2 / all * (from_left[k] - among_left[t]);
      const double on_left = t < 2 ? 0 : 2 * right / (all * (left - 1)) * among_left[t];
      const double on_right = k - t < 2 ? 0 : 2 * left / (all * (right - 1)) * among[t][k];
      const double distance = across - on_left - on_right;
      if (distance > best.distance) best = {first + t, distance};
    }
  }
  return best;
}

/// Cuts of one window, as positions in it.
std::vector<size_t> divide(Values window, double maximum_p_value) {
  std::vector<size_t> borders = {0, window.size()};
  while (true) {
    std::optional<Candidate> best;
    size_t part = 0;
    for (size_t i = 0; i + 1 < borders.size(); ++i) {
      if (borders[i + 1] - borders[i] < 2) continue;
      const Candidate candidate = furthest(window, borders[i], borders[i + 1]);
      if (!best || candidate.distance > best->distance) best = candidate, part = i;
    }
    if (!best) break;
    const size_t first = borders[part], last = borders[part + 1];
    const auto change = compare(window.subspan(first, best->index - first),
                                window.subspan(best->index, last - best->index), 0);
    if (!(change.p_value <= maximum_p_value)) break;
    borders.insert(borders.begin() + static_cast<std::ptrdiff_t>(part) + 1, best->index);
  }
  return {borders.begin() + 1, borders.end() - 1};
}

std::vector<size_t> split(Values values, size_t window, double maximum_p_value) {
  std::vector<size_t> cuts;
  for (size_t start = 0; start < values.size();) {
    const Values part = values.subspan(start, std::min(window, values.size() - start));
    size_t last = 0;
    for (const size_t cut : divide(part, maximum_p_value)) {
      last = start + cut;
      cuts.push_back(last);
    }
    start = std::max(last, start + window / 2);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

/// The change at position i, against the neighbours that are left.
OtavaChangePoint between_neighbours(Values values, const std::vector<OtavaChangePoint>& changes, size_t i) {
  const auto at = static_cast<size_t>(changes[i].index);
  const size_t first = i == 0 ? 0 : static_cast<size_t>(changes[i - 1].index);
  const size_t last = i + 1 == changes.size() ? values.size() : static_cast<size_t>(changes[i + 1].index);
  return compare(values.subspan(first, at - first), values.subspan(at, last - at), changes[i].index);
}

void merge(std::vector<OtavaChangePoint>& changes, Values values, const OtavaOptions& options) {
  while (!changes.empty()) {
    auto weakest = std::max_element(changes.begin(), changes.end(),
                                    [](const auto& a, const auto& b) { return a.p_value < b.p_value; });
    if (weakest->p_value < options.maximum_p_value) {
      weakest = std::min_element(changes.begin(), changes.end(),
                                 [](const auto& a, const auto& b) { return magnitude(a) < magnitude(b); });
      if (magnitude(*weakest) > options.minimum_magnitude) return;
    }
    const auto next = static_cast<size_t>(changes.erase(weakest) - changes.begin());
    // Otava renews the two changes after the one that went, and leaves that before it as it was.
    for (size_t i = next; i < std::min(next + 2, changes.size()); ++i)
      changes[i] = between_neighbours(values, changes, i);
  }
}

}  // namespace

std::vector<OtavaChangePoint> find_change_points_as_otava(const std::vector<std::optional<double>>& values,
                                                          const OtavaOptions& options) {
  if (options.window < 2) throw std::invalid_argument("a window of Otava below 2; right is 2 or more");
  const std::vector<double> all = without_gaps(values);
  const double p = options.maximum_p_value;
  const double first_pass = p < 0.05 ? 10 * p : p < 0.5 ? 2 * p : p;
  std::vector<OtavaChangePoint> changes;
  for (const size_t cut : split(all, static_cast<size_t>(options.window), first_pass))
    changes.push_back({static_cast<int64_t>(cut)});
  for (size_t i = 0; i < changes.size(); ++i) changes[i] = between_neighbours(all, changes, i);
  merge(changes, all, options);
  return changes;
}

}  // namespace bitsweep
