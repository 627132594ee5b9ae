// Changes that someone accepted: from then on they are the baseline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bitsweep {

struct Acceptance {
  std::string run;      ///< id, or its beginning
  std::string metric;   ///< one that the run has
  int64_t session = 0;  ///< the first session of the new level
  std::string who, why;
  std::optional<std::string> until;  ///< UTC, ISO 8601; nothing: for good
};

/// Keeps it. Throws Error, and keeps nothing, if run, metric or session are not there or the reason is empty.
/// Returns the id of the run.
std::string accept_change(const std::string& database, const Acceptance& acceptance);

}  // namespace bitsweep
