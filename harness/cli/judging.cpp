#include "harness/cli/judging.h"

#include <cstdio>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/experiment.h"
#include "harness/table.h"
#include "results/store.h"

namespace bitsweep {
namespace {

/// The experiment's own thresholds before the usual ones. Its text may be of an older bitsweep.
std::map<std::string, Threshold> thresholds_of(const std::string& database, const std::string& name) {
  std::map<std::string, Threshold> thresholds = usual_thresholds();
  const SessionRow latest = Store(database, Store::Access::read_only).latest_session(name);
  try {
    for (const auto& [metric, threshold] :
         parse_experiment(latest.spec_text, name, {names_of(backends())}).gate)
      thresholds[metric] = threshold;
  } catch (const Error& error) {
    fmt::print(stderr, "bitsweep: the usual thresholds hold, for the experiment cannot be read: {}\n",
               error.what());
  }
  return thresholds;
}

}  // namespace

Night judge_session(const std::string& database, const std::string& experiment, int64_t session) {
  return judge_night(database, experiment, session, thresholds_of(database, experiment));
}

ExitCode exit_code(const Night& night) {
  if (night.has_regressed()) return ExitCode::regression;
  return night.present == 0 ? ExitCode::nothing_run : ExitCode::fine;
}

}  // namespace bitsweep
