// When there are samples enough.
#pragma once

#include <cstdint>
#include <span>

namespace bitsweep {

/// Holds no clock: the elapsed time is told.
class StoppingRule {
 public:
  /// `places` in memory are gone through in turn, round by round.
  StoppingRule(int64_t min_samples, double target_ci, double max_time_s, size_t places = 1)
      : min_samples_(min_samples), target_ci_(target_ci), max_time_s_(max_time_s), places_(places) {}

  enum class Verdict { go_on, precise, out_of_time };
  /// `precise`: samples and rounds enough, two at each place, and the 95 % interval of estimate_median() is
  /// within ±target_ci of the median. `out_of_time`: they are not, and the budget is spent.
  Verdict judge(std::span<const int64_t> samples, std::span<const double> round_medians,
                double elapsed_s) const;

 private:
  int64_t min_samples_;
  double target_ci_;
  double max_time_s_;
  size_t places_;
};

}  // namespace bitsweep
