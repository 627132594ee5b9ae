// What a YAML experiment says, checked and typed. The meaning of every key stands in experiments/README.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/run.h"

namespace bitsweep {

/// field name → value as text, both checked; in the order written.
using Assignment = std::vector<std::pair<std::string, std::string>>;

/// One axis of a sweep: its points, each an assignment. An entry of `axes` assigns one field a point; an
/// entry of `zip` assigns several, which advance together.
struct Axis {
  std::vector<Assignment> points;
};

/// How to measure.
struct Measure {
  int64_t warmup = 3;  ///< inferences before the first sample
  int64_t min_samples = 30;
  double max_time_s = 20;   ///< of sampling, a run
  double target_ci = 0.01;  ///< half width of the median's 95 % interval, relative
  std::vector<std::string> interleave = {"precision",
                                         "pruning"};  ///< runs that differ only in these form a block
};

/// What a run may use.
struct Limits {
  double timeout_s = 600;    ///< a run
  int64_t memory_bytes = 0;  ///< of the child process; 0: no limit
  int64_t retries = 1;       ///< of a run that failed or timed out
};

/// A change worth attention.
struct Threshold {
  double value = 0;
  bool points = false;  ///< percentage points of a share ("0.5pp"), else relative ("3%", value 0.03)
};

struct Experiment {
  std::string name;
  std::string path;        ///< as given by the user
  std::string text;        ///< the file, as read
  std::vector<Axis> axes;  ///< of `axes`, then of `zip`, in the order written
  Assignment fixed;
  std::vector<Assignment>
      exclude;  ///< a run that matches all of one entry is dropped; lists in the file are crossed
  std::vector<Assignment>
      include;  ///< added after exclusion, completed by `fixed` and the defaults; lists are crossed
  Measure measure;
  Limits limits;
  std::map<std::string, Threshold> gate;  ///< metric → threshold
};

/// The names an experiment may use that live outside this room.
struct Vocabulary {
  std::vector<std::string> backends;
};

/// Reads an experiment. All mistakes are told in one Error, one a line: "FILE:LINE:COLUMN: what is wrong;
/// what would be right".
Experiment read_experiment(const std::string& path, const Vocabulary& vocabulary);
Experiment parse_experiment(std::string_view text, const std::string& path, const Vocabulary& vocabulary);

}  // namespace bitsweep
