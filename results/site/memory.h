// What a site remembers between two calls, in state.json of its folder: up to where the database was read,
// the newest result of each series, and which regressions it has told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "results/night.h"

namespace bitsweep {

/// A run on one class of machine: a row in the table of its model.
struct SeriesSummary {
  std::string key;                         ///< see series_key()
  std::string run_id, run, machine_class;  ///< `run`: its canonical text
  std::vector<std::string> fields;         ///< in the order of field_names()
  int64_t results = 0;                     ///< how many there are
  // The newest one:
  int64_t result = 0, session = 0, machine = 0, software = 0;  ///< ids of the database
  std::string outcome, reason;
  std::map<std::string, double> metrics;  ///< those that tables and charts of all runs show; finite
  std::vector<double> recent;             ///< the last values of the time or throughput, the oldest first
  // The last change point of that; session 0: there is none.
  int64_t change_session = 0;
  double change_before = 0, change_after = 0;
};

/// A regression, told when it was first seen.
struct ToldRegression {
  std::string id;                                          ///< a UUID that the same regression always gets
  std::string experiment, key, run_id, run, metric, unit;  ///< metric "outcome": it no longer ends ok
  int64_t session = 0, since_session = 0;
  std::string told;  ///< the beginning of the session that showed it; UTC, ISO 8601
  std::string what;  ///< "4.03 ms → 4.52 ms, +12.1 % (+10.8 to +13.0)", or "ok → failed: REASON"
  std::vector<std::string> why;
  std::string ended;  ///< the beginning of the first session that does not show it; empty: still there
};

/// What the pages show of a night.
struct ShownNight {
  std::string basis;  ///< what it was judged by, beside results: as long as it is the same, so is the verdict
  nlohmann::json data;
};

struct SiteMemory {
  std::string database;  ///< the identity of its first session
  int64_t newest_result = 0, results = 0;
  std::map<std::string, SeriesSummary> series;  ///< by key
  std::vector<ToldRegression> told;             ///< the oldest first; of those that are over a bounded number
  std::map<std::string, ShownNight> nights;     ///< the latest of each experiment
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SeriesSummary, key, run_id, run, machine_class, fields, results, result,
                                   session, machine, software, outcome, reason, metrics, recent,
                                   change_session, change_before, change_after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ToldRegression, id, experiment, key, run_id, run, metric, unit, session,
                                   since_session, told, what, why, ended)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ShownNight, basis, data)

/// The same words always get the same UUID, of version 8: "custom" (RFC 9562).
std::string uuid_of(const std::string& words);

/// The memory of a folder; an empty one if there is none, it is damaged, or another version wrote it.
SiteMemory read_memory(const std::filesystem::path& folder);
std::string to_text(const SiteMemory& memory);

/// Notes the regressions of a night that are worth attention, and which of its experiment's are over.
void take_note(const Night& night, SiteMemory& memory);

}  // namespace bitsweep
