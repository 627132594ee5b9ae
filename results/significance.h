// Whether two sides differ by more than chance. Pure; see compare.h for what is made of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/statistics.h"

namespace bitsweep {

/// Samples of one slice share their disturbance, so they are no independent draws; their medians nearly are.
/// The medians of `groups` consecutive groups whose sizes differ by at most one: of the rounds, if it is
/// their number, as all slices of a run have equal length. No more groups than samples; empty without any.
std::vector<double> group_medians(std::span<const int64_t> samples, int64_t groups);

struct RankTest {
  double p = 1;      ///< two-sided
  double delta = 0;  ///< Cliff's delta, P(b > a) - P(b < a): -1 to 1, 0 if neither side tends to be larger
};

/// The Mann-Whitney U test of two independent lists. Exact without ties where one has at most 8 values and
/// n_a n_b <= 1000; else the normal approximation with corrections for ties and continuity. Throws
/// std::invalid_argument for an empty list. Source: Mann & Whitney, Annals of Mathematical Statistics 18
/// (1947); Cliff, Psychological Bulletin 114 (1993).
RankTest mann_whitney(std::span<const double> a, std::span<const double> b);

/// The adjusted p-values in the order given: to call those <= q different keeps the expected share of false
/// ones among them at q. Source: Benjamini & Hochberg, Journal of the Royal Statistical Society B 57 (1995).
std::vector<double> benjamini_hochberg(std::span<const double> p);

/// The two-sided p-value of equal shares, 0 to 1, that were found among independent draws: the pooled z test.
/// Throws std::invalid_argument if a count is below 1.
double two_proportions(double share_a, int64_t count_a, double share_b, int64_t count_b);

/// An interval at 95 % for share_b - share_a, from the Wilson intervals of both. Source: Newcombe, Statistics
/// in Medicine 17 (1998), method 10.
Interval share_difference(double share_a, int64_t count_a, double share_b, int64_t count_b);

/// Two answers to each of the same questions.
struct PairedShares {
  int64_t lost = 0, gained = 0;  ///< right before and wrong after, and the other way round
  double p = 1;                  ///< two-sided, of as many lost as gained
  Interval difference;           ///< at 95 %, of the share after - before, 0 to 1
};

/// McNemar's test by its mid-p-value, which stays near its level and loses less power than the exact one; the
/// interval is Wald's with one pair added to both kinds. Throws std::invalid_argument unless both have the
/// same size above 0. Source: Fagerland, Lydersen & Laake, BMC Medical Research Methodology 13 (2013),
/// article 91; Bonett & Price, Journal of Educational and Behavioral Statistics 37 (2012).
PairedShares mcnemar(const std::vector<bool>& before, const std::vector<bool>& after);

/// b / a from two lists that were not measured in the same rounds: exp of the difference of the midmeans
/// (mean of the middle half) of the logarithms. The interval is a percentile bootstrap at 99 % over each list
/// on its own, widened by sqrt(n / (n - 1)) for their small numbers; it repeats to the bit. Below 6 values on
/// a side it is from 0 to infinity. All values above 0. Throws std::invalid_argument for an empty list.
Ratio independent_ratio(std::span<const double> a, std::span<const double> b);

}  // namespace bitsweep
