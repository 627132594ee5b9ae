// Statistics of samples. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace bitsweep {

/// The smallest sample such that at least `share` of all are not larger (nearest rank; Hyndman & Fan 1996,
/// definition 1). 0 < share <= 1; the samples need not be sorted. Throws std::invalid_argument if there are
/// none.
double percentile(std::span<const int64_t> samples, double share);

/// The mean of the middle two for an even number. Throws std::invalid_argument if there are none.
double median(std::span<const int64_t> samples);
double median(std::span<const double> values);

/// From so many places in memory on an interval can be over them; from fewer only over rounds, and what the
/// places are worth is not in it.
inline constexpr size_t least_places = 6;

struct Interval {
  double low = 0;
  double high = 0;
};

/// A distribution-free confidence interval at 95 % of the median of what `values` are independent draws of,
/// from binomial order statistics; the whole range below 6 values. Single samples are not independent
/// (neighbours in time share their disturbance): give the medians of rounds. Nor are rounds at one place in
/// memory: if they went through least_places or more in turn, it is of the median of the places. Throws
/// std::invalid_argument if there are none.
Interval median_interval(std::span<const double> values, size_t places = 1);

/// The time of a step, as it is told and as the stopping rule judges it.
struct MedianEstimate {
  double median = 0;  ///< of all samples
  /// median_interval of the medians of rounds, stretched where it lies beside the median.
  Interval interval;
  /// The farther end of the interval from the median, as a share of it.
  double half_width() const;
};

/// Throws std::invalid_argument if there are no samples or no rounds.
MedianEstimate estimate_median(std::span<const int64_t> samples, std::span<const double> round_medians,
                               size_t places = 1);

/// A confidence interval at 95 % of the share that would be found among all, where `share` was found among
/// `count` drawn at random; 0 to 1. It stays in range and has a width even for shares of 0 and 1, as the
/// usual share ± 1.96 sd does not. Throws std::invalid_argument if count is below 1. Source: Wilson, Journal
/// of the American Statistical Association 22 (1927), pages 209 to 212.
Interval share_interval(double share, int64_t count);

/// A percentile with too few samples behind it is not printed: the sample numbers are those of MLPerf
/// LoadGen's early stopping at confidence 0.99 (p90 64, p99 662, p99.9 6,636).
std::optional<double> trusted_percentile(std::span<const int64_t> samples, double share);

/// How much faster one thing is than another, from rounds in which both were measured.
struct Ratio {
  double value = 1;
  Interval interval;   ///< at 99 %
  int64_t rounds = 0;  ///< behind it
};

/// baseline time / time, from the medians of the same rounds; the longer list is cut. The value is the
/// midmean (mean of the middle half) of the logarithms of the rounds' ratios: a neighbour's burst spoils
/// single rounds, and drift meets both sides of a round.
///
/// What is not independent is not resampled one by one: the samples of a round share their moment, and rounds
/// at the same place in memory share what that place is worth. So the interval is a percentile bootstrap over
/// the `places` that both went through in turn (least_places or more; else over the rounds), widened for
/// their small number n by sqrt(n / (n - 1)) and by Student's t with n - 1 degrees of freedom over the normal
/// quantile. It repeats to the bit. Below 6 rounds it is from 0 to infinity. Throws std::invalid_argument if
/// there is no round. Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13;
/// Kalibera & Jones, Rigorous Benchmarking in Reasonable Time (ISMM 2013), for resampling the highest level
/// only.
Ratio speed_ratio(std::span<const double> baseline_medians, std::span<const double> medians,
                  size_t places = 1);

/// Whether the two are told apart: the interval excludes 1, and they differ by 1.5 % or more. Smaller
/// differences may come from where code and data happen to lie in memory (Mytkowicz et al., ASPLOS 2009),
/// whatever the interval.
bool differ(const Ratio& ratio);

}  // namespace bitsweep
