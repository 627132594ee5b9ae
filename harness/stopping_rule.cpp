#include "harness/stopping_rule.h"

#include <algorithm>
#include <vector>

#include "harness/statistics.h"

namespace bitsweep {

StoppingRule::Verdict StoppingRule::judge(std::span<const double> round_medians, int64_t samples,
                                          double elapsed_s) const {
  constexpr size_t least_rounds = 10;  // an interval that leaves out the lowest and the highest needs 9
  if (samples >= min_samples_ && round_medians.size() >= least_rounds) {
    std::vector<double> ordered(round_medians.begin(), round_medians.end());
    std::nth_element(ordered.begin(), ordered.begin() + ordered.size() / 2, ordered.end());
    const double middle = ordered[ordered.size() / 2], allowed = target_ci_ * middle;
    const Interval interval = median_interval(round_medians);
    if (interval.low >= middle - allowed && interval.high <= middle + allowed) return Verdict::precise;
  }
  return elapsed_s >= max_time_s_ ? Verdict::out_of_time : Verdict::go_on;
}

}  // namespace bitsweep
