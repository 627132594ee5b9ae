// The words an experiment may use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bitsweep {

/// The names that live outside this room.
struct Vocabulary {
  std::vector<std::string> backends;
};

/// The names a field may hold, where a table lists them; empty for numbers, pruning and free text. Models may
/// take an argument after their name.
std::vector<std::string> known_names(std::string_view field, const Vocabulary& vocabulary);

/// A value as runs write it: "magnitude:0.50" becomes "magnitude:0.5". Throws Error with what would be right
/// if the field is unknown or cannot hold it.
std::string checked_value(std::string_view field, std::string_view text, const Vocabulary& vocabulary);

/// What fails a run unless its experiment allows it.
struct Allowance {
  std::string name;
  std::string meaning;
};
const std::vector<Allowance>& allowances();

/// A metric of results that a gate may watch.
struct GateMetric {
  std::string name;
  std::string meaning;
  bool share = false;  ///< itself in percent: a threshold may be in percentage points
};
const std::vector<GateMetric>& gate_metrics();

}  // namespace bitsweep
