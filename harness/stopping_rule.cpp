#include "harness/stopping_rule.h"

#include <algorithm>

#include "harness/statistics.h"

namespace bitsweep {

StoppingRule::Verdict StoppingRule::judge(std::span<const int64_t> samples,
                                          std::span<const double> round_medians, double elapsed_s) const {
  // An interval that leaves out the lowest and the highest needs 9.
  const size_t least_rounds = std::max<size_t>(10, 2 * places_);
  if (static_cast<int64_t>(samples.size()) >= min_samples_ && round_medians.size() >= least_rounds) {
    // Looks at all samples only where it may be enough: there may be very many.
    const Interval rounds = median_interval(round_medians, places_);
    if (rounds.high - rounds.low <= 2 * target_ci_ * rounds.high &&
        estimate_median(samples, round_medians, places_).half_width() <= target_ci_)
      return Verdict::precise;
  }
  return elapsed_s >= max_time_s_ ? Verdict::out_of_time : Verdict::go_on;
}

}  // namespace bitsweep
