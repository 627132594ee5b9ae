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

/// The mean of the middle two for an even number.
double median(std::span<const int64_t> samples);

struct Interval {
  double low = 0;
  double high = 0;
};

/// A distribution-free confidence interval of the median at 95 %, from binomial order statistics; the whole
/// range below 6 samples.
Interval median_interval(std::span<const int64_t> samples);

/// A confidence interval at 95 % of the share that would be found among all, where `share` was found among
/// `count` drawn at random; 0 to 1. It stays in range and has a width even for shares of 0 and 1, as the
/// usual share ± 1.96 sd does not. Throws std::invalid_argument if count is below 1. Source: Wilson, Journal
/// of the American Statistical Association 22 (1927), pages 209 to 212.
Interval share_interval(double share, int64_t count);

/// A percentile with too few samples behind it is not printed: the sample numbers are those of MLPerf
/// LoadGen's early stopping at confidence 0.99 (p90 64, p99 662, p99.9 6,636).
std::optional<double> trusted_percentile(std::span<const int64_t> samples, double share);

/// When to stop sampling. Holds no clock: the elapsed time is told.
class StoppingRule {
 public:
  StoppingRule(int64_t min_samples, double target_ci, double max_time_s)
      : min_samples_(min_samples), target_ci_(target_ci), max_time_s_(max_time_s) {}

  enum class Verdict { go_on, precise, out_of_time };
  /// `precise`: enough samples and the median's 95 % interval is within ±target_ci of it. `out_of_time`: the
  /// budget is spent.
  Verdict judge(std::span<const int64_t> samples_ns, double elapsed_s) const;

 private:
  int64_t min_samples_;
  double target_ci_;
  double max_time_s_;
};

}  // namespace bitsweep
