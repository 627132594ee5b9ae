// The static site: overview, regressions, a page a model, machines, and a feed. It opens offline.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "results/night.h"

namespace bitsweep {

using Thresholds = std::map<std::string, Threshold>;  ///< by metric

/// What a call did to the folder.
struct SiteChange {
  int64_t new_results = 0;            ///< results read
  int64_t new_in_series = 0;          ///< series that they belong to
  size_t written = 0, unchanged = 0;  ///< files
  bool from_the_start = false;        ///< nothing could be kept of an earlier call
};

/// Writes the site of a database into a folder, which is made if missing. What an earlier call left there is
/// kept as far as it still holds, so that the cost grows with the new results, not with all of them. Results
/// that went away or were replaced make all of it anew.
///   thresholds  what each experiment is judged by: its name → see judge_night; its latest session is shown
/// Throws Error if there is no session, or the folder cannot be written.
SiteChange write_site(const std::string& database, const std::filesystem::path& folder,
                      const std::map<std::string, Thresholds>& thresholds);

}  // namespace bitsweep
