// What a YAML experiment says, checked and typed. The meaning of every key stands in experiments/README.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/run.h"
#include "harness/units.h"
#include "harness/vocabulary.h"

namespace bitsweep {

/// field name → value as text, both checked; in the order written.
using Assignment = std::vector<std::pair<std::string, std::string>>;

/// One axis of a sweep: its points, each an assignment. An entry of `axes` assigns one field a point; an
/// entry of `zip` assigns several, which advance together.
struct Axis {
  std::vector<Assignment> points;
};

/// field name → one or more values; in the order written. To exclude, any value of a field matches; to
/// include, the values are crossed.
using Pattern = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// How to measure.
struct Measure {
  int64_t warmup = 3;  ///< inferences before the first sample
  int64_t min_samples = 30;
  double max_time_s = 20;   ///< of sampling, a run
  double target_ci = 0.01;  ///< half width of the median's 95 % interval, relative
  /// runs that differ only in these fields form a block
  std::vector<std::string> interleave = {"precision", "pruning"};
  std::vector<std::string> allow;  ///< entries of allowances()

  bool allows(std::string_view name) const;
};

/// Calls visit(key, member, unit, meaning) for each quantity of `measure`: YAML keys, messages and the schema
/// come from it. `interleave` and `allow` are no quantities.
template <class MeasureOrConstMeasure, class Visit>
void for_each_measure_key(MeasureOrConstMeasure& measure, Visit&& visit) {
  visit("warmup", measure.warmup, Unit::count, "inferences before the first sample");
  visit("min_samples", measure.min_samples, Unit::positive_count, "samples taken at least");
  visit("max_time", measure.max_time_s, Unit::duration, "time of sampling at most, a run");
  visit("target_ci", measure.target_ci, Unit::share,
        "sampling stops once the median's 95 % interval is within this share of it");
}

/// What a run may use.
struct Limits {
  double timeout_s = 600;    ///< a run
  int64_t memory_bytes = 0;  ///< of the child process; 0: no limit
  int64_t retries = 1;       ///< of a run whose process died; a timeout is final
};

/// The same for `limits`.
template <class LimitsOrConstLimits, class Visit>
void for_each_limits_key(LimitsOrConstLimits& limits, Visit&& visit) {
  visit("timeout", limits.timeout_s, Unit::duration, "time a run may take");
  visit("memory", limits.memory_bytes, Unit::size, "memory of a run's process; no limit unless given");
  visit("retries", limits.retries, Unit::count, "further attempts at a run whose process died");
}

struct Experiment {
  std::string name;
  std::string path;        ///< as given by the user
  std::string text;        ///< the file, as read
  std::vector<Axis> axes;  ///< of `axes`, then of `zip`, in the order written
  Assignment fixed;
  std::vector<Pattern> exclude;  ///< a run that matches all fields of one entry is dropped
  std::vector<Pattern> include;  ///< each crossed, completed by `fixed`, and added after exclusion
  Measure measure;
  Limits limits;
  std::map<std::string, Threshold> gate;  ///< metric → threshold
};

/// Reads an experiment. All mistakes are told in one Error, one a line: "FILE:LINE:COLUMN: what is wrong;
/// what would be right".
Experiment read_experiment(const std::string& path, const Vocabulary& vocabulary);
Experiment parse_experiment(std::string_view text, const std::string& path, const Vocabulary& vocabulary);

}  // namespace bitsweep
