#include "harness/statistics.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace bitsweep {
namespace {

std::vector<int64_t> sorted(std::span<const int64_t> samples) {
  if (samples.empty()) throw std::invalid_argument("no samples; right is one or more");
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

double median_of_sorted(const std::vector<int64_t>& samples) {
  const size_t middle = samples.size() / 2;
  const auto upper = static_cast<double>(samples[middle]);
  return samples.size() % 2 == 1 ? upper : (static_cast<double>(samples[middle - 1]) + upper) / 2;
}

}  // namespace

double percentile(std::span<const int64_t> samples, double share) {
  const std::vector<int64_t> ordered = sorted(samples);
  return static_cast<double>(ordered[nearest_rank(ordered.size(), share) - 1]);
}

double median(std::span<const int64_t> samples) {
  return median_of_sorted(sorted(samples));
}

Interval median_interval(std::span<const int64_t> samples) {
  const std::vector<int64_t> ordered = sorted(samples);
  const size_t count = ordered.size();
  // The number of samples below the median is binomial(count, 1/2). The interval from the (k+1)-th smallest
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
  return {static_cast<double>(ordered[left_out]), static_cast<double>(ordered[count - 1 - left_out])};
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

StoppingRule::Verdict StoppingRule::judge(std::span<const int64_t> samples_ns, double elapsed_s) const {
  constexpr int64_t least_for_interval = 6;  // below, the interval is just the range of the samples
  if (static_cast<int64_t>(samples_ns.size()) >= std::max(min_samples_, least_for_interval)) {
    const double middle = median(samples_ns);
    const Interval interval = median_interval(samples_ns);
    const double allowed = target_ci_ * middle;
    if (interval.low >= middle - allowed && interval.high <= middle + allowed) return Verdict::precise;
  }
  return elapsed_s >= max_time_s_ ? Verdict::out_of_time : Verdict::go_on;
}

}  // namespace bitsweep
