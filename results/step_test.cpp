#include "results/step_test.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "results/level.h"
#include "results/normal_distribution.h"

namespace bitsweep {
namespace {

/// The share of a discrete walk's overshoot: 1 for steps that are small beside the limit. Source: Siegmund &
/// Yakir (2007).
double overshoot(double x) {
  if (x < 1e-6) return 1;
  const double half = x / 2, below = normal_share(half);
  return (2 / x) * (below - 0.5) / (half * below + normal_density(half));
}

/// The chance that |z| is exceeded at any position of a sequence without a step.
double chance_anywhere(double z, int64_t count, int64_t minimum_segment) {
  const double n = static_cast<double>(count);
  const double first = (static_cast<double>(minimum_segment) - 0.5) / n;
  // In u = ln(t / (1 - t)) the integrand 1 / (t (1 - t)) dt is du, and symmetric around 0.
  constexpr int pieces = 16;  // midpoint rule; more change no digit that matters
  const double width = std::log((1 - first) / first) / pieces;
  double sum = 0;
  for (int i = 0; i < pieces; ++i) {
    const double share = 1 / (1 + std::exp(-(i + 0.5) * width));
    sum += 2 * width * overshoot(z / std::sqrt(n * share * (1 - share)));
  }
  return std::min(1.0, z * normal_density(z) * sum + 2 * (1 - normal_share(z)));
}

/// Likelihoods around each position are added up over ±2, those further off a little less, so that a single
/// high one is its own best position.
size_t best_position(const std::vector<double>& log_likelihood) {
  const double peak = *std::max_element(log_likelihood.begin(), log_likelihood.end());
  std::vector<double> likelihood(log_likelihood.size());
  std::transform(log_likelihood.begin(), log_likelihood.end(), likelihood.begin(),
                 [&](double value) { return value < peak - 40 ? 0 : std::exp(value - peak); });
  constexpr double kernel[] = {1, 0.95, 0.9};
  double most = -1;
  size_t best = 0;
  for (size_t i = 0; i < likelihood.size(); ++i) {
    double sum = likelihood[i];
    for (size_t off = 1; off < std::size(kernel); ++off) {
      if (i >= off) sum += kernel[off] * likelihood[i - off];
      if (i + off < likelihood.size()) sum += kernel[off] * likelihood[i + off];
    }
    if (sum > most) most = sum, best = i;
  }
  return best;
}

/// Minus the logarithm of a value's likelihood; one that lies more than 3 deviations off says no more than
/// that.
double misfit(double value, double level, double deviation) {
  const double off = (value - level) / deviation;
  return std::min(off * off, 9.0) / 2;
}

}  // namespace

std::vector<double> rank_scores(std::span<const double> values) {
  const size_t count = values.size();
  std::vector<std::pair<double, size_t>> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = {values[i], i};
  std::sort(order.begin(), order.end());
  std::vector<double> scores(count);
  for (size_t first = 0, last = 0; first < count; first = last) {
    while (last < count && order[last].first == order[first].first) ++last;
    const double rank = static_cast<double>(first + last + 1) / 2;
    const double score = 2 * rank / static_cast<double>(count + 1) - 1;
    for (size_t i = first; i < last; ++i) scores[order[i].second] = score;
  }
  return scores;
}

double noise_widening(std::span<const double> scores, const std::vector<int64_t>& cuts) {
  if (scores.size() < 3) return 1;
  double squares = 0, products = 0, last = 0;
  size_t first = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t end = i == cuts.size() ? scores.size() : static_cast<size_t>(cuts[i]);
    const auto segment = scores.subspan(first, end - first);
    const double mean =
        std::accumulate(segment.begin(), segment.end(), 0.0) / static_cast<double>(segment.size());
    for (const double score : segment) {
      squares += (score - mean) * (score - mean);
      products += (score - mean) * last;
      last = score - mean;
    }
    first = end;
  }
  if (squares <= 0) return 1;
  const double n = static_cast<double>(scores.size()), left = products / squares;
  const double correlation = left + (1 + 3 * left) * static_cast<double>(cuts.size() + 1) / n;
  const double reach = 1.5 / std::sqrt(n);
  if (correlation <= 0.7 / std::sqrt(n) + 8 / n) return 1;
  const double upper = std::min(0.95, correlation + reach);
  return std::sqrt((1 + upper) / (1 - upper));
}

Step most_likely_step(std::span<const double> scores, std::span<const double> weights,
                      int64_t minimum_segment, double widening) {
  const size_t count = scores.size(), least = static_cast<size_t>(std::max<int64_t>(1, minimum_segment));
  Step step;
  if (count < 2 * least || count < 3) return step;
  double weight = 0, weighted = 0;
  for (size_t i = 0; i < count; ++i) weight += weights[i], weighted += weights[i] * scores[i];
  const double mean = weighted / weight;
  double squares = 0;
  for (size_t i = 0; i < count; ++i) squares += weights[i] * (scores[i] - mean) * (scores[i] - mean);
  if (squares <= 0) return step;

  double left_weight = 0, left = 0, most = 0;
  for (size_t i = 0; i + least < count; ++i) {
    left_weight += weights[i];
    left += weights[i] * (scores[i] - mean);
    if (i + 1 < least) continue;
    // The squares that a step here explains.
    const double explained = left * left * weight / (left_weight * (weight - left_weight));
    if (explained > most) most = explained, step.position = static_cast<int64_t>(i) + 1;
  }
  // Student's t² is freedom * share / (1 - share); as a normal variable by Wallace, Annals of Mathematical
  // Statistics 30 (1959), pages 1121 to 1130. The limit is for a step without noise.
  const double share = std::min(most / squares, 1 - 1e-12), freedom = static_cast<double>(count - 2);
  step.z = (8 * freedom + 1) / (8 * freedom + 3) * std::sqrt(-freedom * std::log1p(-share)) / widening;
  step.p_value = step.z < 2 ? 1 : chance_anywhere(step.z, static_cast<int64_t>(count), minimum_segment);
  return step;
}

int64_t place_step(std::span<const double> values, std::span<const double> weights, int64_t position,
                   int64_t minimum_segment) {
  const size_t count = values.size(), least = static_cast<size_t>(minimum_segment);
  if (count < 2 * least) return position;
  for (int round = 0; round < 2; ++round) {  // a better place gives better levels, once
    const auto left = static_cast<size_t>(position);
    const double before = level_of(values.first(left), weights.first(left)).value;
    const double after = level_of(values.subspan(left), weights.subspan(left)).value;
    std::vector<double> rests(values.begin(), values.end());
    for (size_t i = 0; i < count; ++i) rests[i] -= i < left ? before : after;
    // Where most values are equal, any difference is large.
    const double deviation = std::max(level_of(rests, weights).deviation, 1e-6 * std::abs(after - before));
    if (deviation == 0) return position;
    std::vector<double> log_likelihood;
    double sum = 0;
    for (size_t i = 0; i + least < count; ++i) {
      sum += weights[i] * (misfit(values[i], after, deviation) - misfit(values[i], before, deviation));
      if (i + 1 >= least) log_likelihood.push_back(sum);
    }
    position = static_cast<int64_t>(best_position(log_likelihood) + least);
  }
  return position;
}

}  // namespace bitsweep
