#include "harness/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace bitsweep {
namespace {

constexpr const char* no_samples = "no samples; right is one or more";

std::vector<int64_t> sorted(std::span<const int64_t> samples) {
  if (samples.empty()) throw std::invalid_argument(no_samples);
  std::vector<int64_t> copy(samples.begin(), samples.end());
  std::sort(copy.begin(), copy.end());
  return copy;
}

/// Rank, from 1, of the smallest sample such that at least `share` of `count` are not larger.
size_t nearest_rank(size_t count, double share) {
  if (!(share > 0 && share <= 1)) throw std::invalid_argument("a share lies above 0 and at most at 1");
  // 0.07 * 100 is 7.000000000000001: without the allowance rounding would take one rank too many.
  const double rank = std::ceil(share * static_cast<double>(count) * (1 - 1e-12));
  return std::clamp<size_t>(static_cast<size_t>(rank), 1, count);
}

/// The mean of the middle two for an even number.
template <class Value>
double middle_of(std::span<const Value> values) {
  if (values.empty()) throw std::invalid_argument(no_samples);
  std::vector<Value> copy(values.begin(), values.end());
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  const auto upper = static_cast<double>(*middle);
  return copy.size() % 2 == 1 ? upper
                              : (static_cast<double>(*std::max_element(copy.begin(), middle)) + upper) / 2;
}

/// The mean of the middle half; of all for fewer than 4.
double midmean(std::vector<double> values) {
  if (values.empty()) throw std::invalid_argument("no rounds; right is one or more");
  std::sort(values.begin(), values.end());
  const size_t left_out = values.size() / 4;  // at each end
  double sum = 0;
  for (size_t i = left_out; i < values.size() - left_out; ++i) sum += values[i];
  return sum / static_cast<double>(values.size() - 2 * left_out);
}

/// Of the values at each place; the upper one of the middle two.
std::vector<double> medians_of_places(std::span<const double> values, size_t places) {
  std::vector<double> medians;
  for (size_t place = 0; place < places; ++place) {
    std::vector<double> here;
    for (size_t i = place; i < values.size(); i += places) here.push_back(values[i]);
    const auto middle = here.begin() + static_cast<std::ptrdiff_t>(here.size() / 2);
    std::nth_element(here.begin(), middle, here.end());
    medians.push_back(*middle);
  }
  return medians;
}

/// The quantile at 99.5 % of Student's t over that of the normal distribution. Source: Abramowitz & Stegun,
/// Handbook of Mathematical Functions (1964), 26.7.5; within 1 % from 5 degrees of freedom up.
double student_over_normal(double degrees_of_freedom) {
  constexpr double z = 2.5758293035489004, z2 = z * z;
  const double v = degrees_of_freedom;
  return 1 + (z2 + 1) / (4 * v) + ((5 * z2 + 16) * z2 + 3) / (96 * v * v) +
         (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * v * v * v);
}

}  // namespace

double percentile(std::span<const int64_t> samples, double share) {
  const std::vector<int64_t> ordered = sorted(samples);
  return static_cast<double>(ordered[nearest_rank(ordered.size(), share) - 1]);
}

double median(std::span<const int64_t> samples) {
  return middle_of(samples);
}

double median(std::span<const double> values) {
  return middle_of(values);
}

Interval median_interval(std::span<const double> values, size_t places) {
  if (values.empty()) throw std::invalid_argument("no values; right is one or more");
  std::vector<double> ordered = places >= least_places && values.size() >= places
                                    ? medians_of_places(values, places)
                                    : std::vector<double>(values.begin(), values.end());
  std::sort(ordered.begin(), ordered.end());
  const size_t count = ordered.size();
  // The number of values below the median is binomial(count, 1/2). The interval from the (k+1)-th smallest
  // to the (k+1)-th largest misses the median with probability 2 P(X <= k); take the largest k that keeps it
  // at 5 %.
  const auto log_choose = [&](size_t k) {
    return std::lgamma(count + 1.0) - std::lgamma(k + 1.0) - std::lgamma(count - k + 1.0);
  };
  double tail = 0;
  size_t left_out = 0;  // at each end
  for (size_t k = 0; k < count / 2; ++k) {
    tail += std::exp(log_choose(k) - static_cast<double>(count) * std::log(2.0));
    if (2 * tail > 0.05) break;
    left_out = k;
  }
  return {ordered[left_out], ordered[count - 1 - left_out]};
}

double MedianEstimate::half_width() const {
  return std::max(interval.high - median, median - interval.low) / median;
}

MedianEstimate estimate_median(std::span<const int64_t> samples, std::span<const double> round_medians,
                               size_t places) {
  const double middle = median(samples);
  const Interval interval = median_interval(round_medians, places);
  return {middle, {std::min(middle, interval.low), std::max(middle, interval.high)}};
}

Interval share_interval(double share, int64_t count) {
  if (count < 1) throw std::invalid_argument("a share of nothing; right is one or more");
  constexpr double z = 1.959963984540054;  // a normal variable exceeds it with a probability of 2.5 %
  const auto n = static_cast<double>(count);
  const auto low = [n](double p) {
    return std::max(0.0,
                    (2 * n * p + z * z - z * std::sqrt(z * z + 4 * n * p * (1 - p))) / (2 * (n + z * z)));
  };
  return {low(share), 1 - low(1 - share)};  // mirrored, so that rounding never leaves 0 to 1
}

std::optional<double> trusted_percentile(std::span<const int64_t> samples, double share) {
  struct Floor {
    double share;
    size_t samples;
  };
  // Loadgen's early stopping at confidence 0.99; the median needs no floor but one sample.
  static constexpr Floor floors[] = {{0.999, 6636}, {0.99, 662}, {0.90, 64}};
  if (samples.empty()) return std::nullopt;
  for (const Floor& floor : floors)
    if (share >= floor.share && samples.size() < floor.samples) return std::nullopt;
  return percentile(samples, share);
}

Ratio speed_ratio(std::span<const double> baseline_medians, std::span<const double> medians, size_t places) {
  constexpr int resamples = 4000;
  constexpr double tail = 0.005;  // on each side
  constexpr size_t least_rounds = 6;
  std::vector<double> logarithms(std::min(baseline_medians.size(), medians.size()));
  for (size_t i = 0; i < logarithms.size(); ++i) logarithms[i] = std::log(baseline_medians[i] / medians[i]);
  const double value = midmean(logarithms);
  Ratio ratio{
      std::exp(value), {0, std::numeric_limits<double>::infinity()}, static_cast<int64_t>(logarithms.size())};
  if (logarithms.size() < least_rounds) return ratio;

  const size_t count = places < least_places ? logarithms.size() : std::min(places, logarithms.size());
  std::mt19937_64 random(logarithms.size());
  std::vector<double> drawn, values;
  for (int i = 0; i < resamples; ++i) {
    drawn.clear();
    for (size_t k = 0; k < count; ++k)
      for (size_t round = random() % count; round < logarithms.size(); round += count)
        drawn.push_back(logarithms[round]);
    values.push_back(midmean(drawn));
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(resamples - 1)))];
  };
  const auto n = static_cast<double>(count);
  const double widening = std::sqrt(n / (n - 1)) * student_over_normal(n - 1);
  ratio.interval = {std::exp(value + widening * (at(tail) - value)),
                    std::exp(value + widening * (at(1 - tail) - value))};
  return ratio;
}

bool differ(const Ratio& ratio) {
  constexpr double least = 0.015;
  return std::abs(ratio.value - 1) >= least && (ratio.interval.low > 1 || ratio.interval.high < 1);
}

}  // namespace bitsweep
