#include "results/significance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>

namespace bitsweep {
namespace {

/// Two-sided p-value of a normal variable.
double normal_p(double z) {
  return std::erfc(std::abs(z) / std::sqrt(2.0));
}

struct Ranks {
  double u = 0;     ///< pairs with b above a; a tie counts half
  double ties = 0;  ///< sum of t^3 - t over groups of t equal values
};

Ranks rank(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, bool>> pooled;  // value, whether of b
  for (const double value : a) pooled.emplace_back(value, false);
  for (const double value : b) pooled.emplace_back(value, true);
  std::sort(pooled.begin(), pooled.end());
  Ranks ranks;
  double below = 0;  // values of a
  for (size_t begin = 0; begin < pooled.size();) {
    double of_a = 0, of_b = 0;
    size_t end = begin;
    for (; end < pooled.size() && pooled[end].first == pooled[begin].first; ++end)
      (pooled[end].second ? of_b : of_a) += 1;
    ranks.u += of_b * (below + of_a / 2);
    ranks.ties += std::pow(of_a + of_b, 3) - (of_a + of_b);
    below += of_a;
    begin = end;
  }
  return ranks;
}

/// P(U >= u) if all orders are equally likely. ways[k][s]: share of the choices of k of the ranks so far
/// whose sum exceeds the least possible by s.
double exact_tail(size_t few, size_t many, double u) {
  const size_t most = few * many;
  std::vector<std::vector<double>> ways(few + 1, std::vector<double>(most + 1, 0));
  ways[0][0] = 1;
  for (size_t place = 0; place < few + many; ++place)
    for (size_t k = std::min(few, place + 1); k >= 1; --k) {
      if (place < k - 1) continue;
      const size_t above = place - (k - 1);  // values of the other list below this one
      for (size_t sum = above; sum <= most; ++sum) ways[k][sum] += ways[k - 1][sum - above];
    }
  const std::vector<double>& all = ways[few];
  const auto from = all.begin() + static_cast<std::ptrdiff_t>(u);
  return std::accumulate(from, all.end(), 0.0) / std::accumulate(all.begin(), all.end(), 0.0);
}

/// 2 P(X < k) + P(X = k), where k is the lesser of both numbers and X binomial with their sum and 1/2.
double sign_test_mid_p(int64_t one, int64_t other) {
  const auto few = static_cast<double>(std::min(one, other)), all = static_cast<double>(one + other);
  double p = 0;
  for (double k = 0; k <= few; ++k) {
    const double chance =
        std::exp(std::lgamma(all + 1) - std::lgamma(k + 1) - std::lgamma(all - k + 1) - all * std::log(2.0));
    p += k < few ? 2 * chance : chance;
  }
  return std::min(p, 1.0);
}

/// The midmean of a resample, given how often each of the sorted values was drawn.
double midmean_of_draws(const std::vector<double>& sorted, const std::vector<int>& drawn) {
  const auto count = static_cast<int>(sorted.size());
  const int begin = count / 4, end = count - count / 4;
  double sum = 0;
  for (int i = 0, before = 0; i < count && before < end; before += drawn[static_cast<size_t>(i++)]) {
    const int after = before + drawn[static_cast<size_t>(i)];
    const int inside = std::min(after, end) - std::max(before, begin);
    if (inside > 0) sum += inside * sorted[static_cast<size_t>(i)];
  }
  return sum / (end - begin);
}

/// Sorted logarithms of a list, and midmeans of its resamples.
class Resampled {
 public:
  explicit Resampled(std::span<const double> values) : drawn_(values.size()) {
    if (values.empty()) throw std::invalid_argument("no values; right is one or more");
    for (const double value : values) sorted_.push_back(std::log(value));
    std::sort(sorted_.begin(), sorted_.end());
  }
  double midmean() const { return midmean_of_draws(sorted_, std::vector<int>(sorted_.size(), 1)); }
  /// The deviation of a resample's midmean, widened for the small number of values.
  double deviation(std::mt19937_64& random, double midmean) {
    const size_t count = sorted_.size();
    std::fill(drawn_.begin(), drawn_.end(), 0);
    for (size_t i = 0; i < count; ++i) ++drawn_[((random() >> 32) * count) >> 32];  // quicker than %
    const double widening = std::sqrt(static_cast<double>(count) / (static_cast<double>(count) - 1));
    return widening * (midmean_of_draws(sorted_, drawn_) - midmean);
  }

 private:
  std::vector<double> sorted_;
  std::vector<int> drawn_;
};

}  // namespace

std::vector<double> group_medians(std::span<const int64_t> samples, int64_t groups) {
  const size_t count = std::min(samples.size(), static_cast<size_t>(std::max<int64_t>(groups, 1)));
  std::vector<double> medians;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = samples.size() * i / count, end = samples.size() * (i + 1) / count;
    medians.push_back(median(samples.subspan(begin, end - begin)));
  }
  return medians;
}

RankTest mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) throw std::invalid_argument("no values; right is one or more on each side");
  const Ranks ranks = rank(a, b);
  const auto n_a = static_cast<double>(a.size()), n_b = static_cast<double>(b.size());
  const double all = n_a + n_b;
  RankTest test{1, 2 * ranks.u / (n_a * n_b) - 1};
  const double larger = std::max(ranks.u, n_a * n_b - ranks.u);
  const size_t few = std::min(a.size(), b.size()), many = std::max(a.size(), b.size());
  if (ranks.ties == 0 && few <= 8 && few * many <= 1000) {
    test.p = std::min(1.0, 2 * exact_tail(few, many, larger));
    return test;
  }
  const double variance = n_a * n_b / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  const double z = (larger - n_a * n_b / 2 - 0.5) / std::sqrt(variance);
  test.p = variance > 0 && z > 0 ? normal_p(z) : 1;
  return test;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) { return p[left] > p[right]; });
  std::vector<double> adjusted(p.size());
  double least = 1;
  for (size_t i = 0; i < order.size(); ++i) {  // from the largest, whose rank is the count
    const auto rank = static_cast<double>(p.size() - i);
    least = std::min(least, p[order[i]] * static_cast<double>(p.size()) / rank);
    adjusted[order[i]] = least;
  }
  return adjusted;
}

double two_proportions(double share_a, int64_t count_a, double share_b, int64_t count_b) {
  if (count_a < 1 || count_b < 1) throw std::invalid_argument("a share of nothing; right is one or more");
  const auto n_a = static_cast<double>(count_a), n_b = static_cast<double>(count_b);
  const double pooled = (share_a * n_a + share_b * n_b) / (n_a + n_b);
  const double variance = pooled * (1 - pooled) * (1 / n_a + 1 / n_b);
  return variance > 0 ? normal_p((share_b - share_a) / std::sqrt(variance)) : 1;
}

Interval share_difference(double share_a, int64_t count_a, double share_b, int64_t count_b) {
  const Interval a = share_interval(share_a, count_a), b = share_interval(share_b, count_b);
  const double difference = share_b - share_a;
  return {difference - std::hypot(share_b - b.low, a.high - share_a),
          difference + std::hypot(b.high - share_b, share_a - a.low)};
}

PairedShares mcnemar(const std::vector<bool>& before, const std::vector<bool>& after) {
  if (before.empty() || before.size() != after.size())
    throw std::invalid_argument("answers to other questions; right are the same, one or more");
  PairedShares pairs;
  for (size_t i = 0; i < before.size(); ++i) {
    pairs.lost += before[i] && !after[i];
    pairs.gained += !before[i] && after[i];
  }
  pairs.p = sign_test_mid_p(pairs.lost, pairs.gained);
  const double count = static_cast<double>(before.size()) + 2;
  const double lost = (static_cast<double>(pairs.lost) + 1) / count;
  const double gained = (static_cast<double>(pairs.gained) + 1) / count;
  const double reach = 1.96 * std::sqrt((lost + gained - (gained - lost) * (gained - lost)) / count);
  pairs.difference = {gained - lost - reach, gained - lost + reach};
  return pairs;
}

Ratio independent_ratio(std::span<const double> a, std::span<const double> b) {
  constexpr int resamples = 2000;
  constexpr double tail = 0.005;  // on each side
  constexpr size_t least_values = 6;
  Resampled from(a), to(b);
  const double midmean_a = from.midmean(), midmean_b = to.midmean();
  const double value = midmean_b - midmean_a;
  const size_t fewer = std::min(a.size(), b.size());
  Ratio ratio{std::exp(value), {0, std::numeric_limits<double>::infinity()}, static_cast<int64_t>(fewer)};
  if (fewer < least_values) return ratio;
  std::mt19937_64 random(a.size() * 1'000'003 + b.size());
  std::vector<double> deviations;
  for (int i = 0; i < resamples; ++i)
    deviations.push_back(to.deviation(random, midmean_b) - from.deviation(random, midmean_a));
  std::sort(deviations.begin(), deviations.end());
  const auto at = [&](double share) {
    return deviations[static_cast<size_t>(std::lround(share * static_cast<double>(resamples - 1)))];
  };
  ratio.interval = {std::exp(value + at(tail)), std::exp(value + at(1 - tail))};
  return ratio;
}

}  // namespace bitsweep
