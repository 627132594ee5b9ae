// Does the level of a sequence change once, and where? Pure, and the same to the bit for the same input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitsweep {

/// The rank of each value among all, from -1 to 1; ties share the mean rank. Outliers, skew and modes lose
/// their size, and any independent noise looks the same. Source: Wilcoxon, Biometrics Bulletin 1 (1945),
/// pages 80 to 83; as a test for a change point Pettitt, Applied Statistics 28 (1979), pages 126 to 135.
std::vector<double> rank_scores(std::span<const double> values);

struct Step {
  int64_t position = 0;  ///< of the first element after the step
  double z = 0;          ///< largest standardised difference of the two sides, as of a normal variable
  double p_value = 1;    ///< chance of such a z anywhere in a sequence without a step
};

/// The most likely step of a sequence.
///   scores           [n]
///   weights          [n], above 0: the variance of a score is as 1 / weight
///   minimum_segment  elements that each side must have
///   widening         of the noise of a mean, see noise_widening
/// For each position the weighted means of both sides are compared by Student's t. The p-value counts all
/// positions (Siegmund, Annals of Statistics 14 (1986), pages 361 to 404, with the boundary correction of
/// Siegmund & Yakir, The Statistics of Gene Mapping (2007)). Position 0 and p-value 1 if the
/// sequence has fewer than two segments or is constant.
Step most_likely_step(std::span<const double> scores, std::span<const double> weights,
                      int64_t minimum_segment, double widening);

/// How much wider the mean of these scores scatters than that of independent ones: neighbours in time may
/// share a disturbance. rho is the correlation of neighbours that is left around the means of the segments
/// between `cuts`, corrected for those means by (1 + 3 rho) segments / n (Marriott & Pope, Biometrika 41
/// (1954), pages 390 to 402). The widening is 1 unless rho > 0.7 / sqrt(n) + 8 / n, and then sqrt((1 + r) /
/// (1 - r)), r = rho + 1.5 / sqrt(n), at most 0.95. See results/README.md for the constants.
double noise_widening(std::span<const double> scores, const std::vector<int64_t>& cuts);

/// Where the step lies, given that there is one near `position`: with the levels of both sides, the place
/// around which ±2 elements hold most of the likelihood. It is more often within ±2 of the truth than the
/// likelihood's peak is. A value more than 3 deviations off its level counts as 3.
///   values, weights  [n]
int64_t place_step(std::span<const double> values, std::span<const double> weights, int64_t position,
                   int64_t minimum_segment);

}  // namespace bitsweep
