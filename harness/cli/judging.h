// Judging a session by the thresholds of its experiment.
#pragma once

#include <cstdint>
#include <string>

#include "harness/error.h"
#include "results/night.h"
#include "results/site/site.h"

namespace bitsweep {

/// The gate of an experiment's text as it is kept. It may be of another bitsweep: what cannot be read has no
/// gate, which is told on standard error.
std::map<std::string, Threshold> read_gate(const std::string& text);

/// The latest session of the experiment of this name, or session `session` if that is not 0. Metrics that the
/// experiment gives no threshold for get the usual one, if there is one. Throws Error.
Night judge_session(const std::string& database, const std::string& experiment, int64_t session);

/// Judges the latest session of each experiment and writes the site into a folder. Throws Error.
SiteChange write_report(const std::string& database, const std::string& folder);

/// What the verdict means for a caller: 1 for a regression, 4 if nothing was run, else 0.
ExitCode exit_code(const Night& night);

}  // namespace bitsweep
