// Two results of the same run beside each other: what changed, whether by more than chance, and whether it
// matters. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/result.h"
#include "harness/statistics.h"
#include "harness/units.h"

namespace bitsweep {

/// What is known of a run on one side.
struct Observed {
  Outcome outcome = Outcome::lost;
  std::string reason;
  std::map<std::string, Metric> metrics;
  std::vector<double> round_medians_ns;  ///< of its samples, see group_medians
  int64_t images = 0;                    ///< behind top1 and top5
  std::string data_hash;                 ///< of these images
  std::vector<bool> right;  ///< whether each was, by the first guess; empty where it is not known
};

/// A run that both sides have.
struct Pair {
  std::string run;                  ///< id
  std::vector<std::string> fields;  ///< in the order of field_names()
  Observed a;
  Observed b;
  std::map<std::string, Threshold> gate;  ///< metric → what is worth attention, of the experiment of b
};

enum class Verdict {
  regressed,  ///< worse by more than chance, and by the threshold or more
  improved,   ///< better likewise
  steady,     ///< the difference is shown to be less than the threshold
  changed,    ///< another number, where there is no chance, but less than the threshold or neither better nor
              ///< worse
  unknown,    ///< a difference as large as the threshold is neither shown nor excluded
};
std::string to_text(Verdict verdict);

/// One metric of a pair, or its outcome.
struct Comparison {
  size_t pair = 0;  ///< position
  std::string metric;
  std::string unit = {};
  std::optional<double> a = {}, b = {};   ///< as stored; none of an outcome
  std::string text_a = {}, text_b = {};   ///< of an outcome
  std::optional<double> ratio = {};       ///< b / a
  std::optional<Interval> interval = {};  ///< of the ratio: at 99 % of times, at 95 % of shares
  std::optional<double> p = {};           ///< two-sided; none where there is no chance
  std::optional<double> p_adjusted = {};  ///< for the number of tests of this comparison
  std::optional<double> effect = {};      ///< Cliff's delta of the rounds: P(b > a) - P(b < a)
  Verdict verdict = Verdict::unknown;
};

/// Outcomes; latency_p50 (throughput where there is no latency) by the rounds; top1 by McNemar's test
/// where both sides answered the same images, else, like top5, by the number of images; exact metrics (bytes,
/// counts, agreement with the reference) by equality; other metrics only if they are gated, by their single
/// number, which can show no more than `steady`. Thresholds are those of the gate, else 3 %, of top1 and top5
/// 1 %. Different is what an adjusted p-value of 0.05 and a ratio whose interval excludes 1 say.
std::vector<Comparison> compare(const std::vector<Pair>& pairs);

}  // namespace bitsweep
