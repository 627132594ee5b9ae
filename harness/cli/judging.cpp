#include "harness/cli/judging.h"

#include <cstdio>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/experiment.h"
#include "harness/table.h"
#include "results/store.h"

namespace bitsweep {
namespace {

/// The experiment's own thresholds before the usual ones.
std::map<std::string, Threshold> thresholds_of(const std::string& database, const std::string& name) {
  const SessionRow latest = Store(database, Store::Access::read_only).latest_session(name);
  std::map<std::string, Threshold> thresholds = read_gate(latest.spec_text);
  thresholds.insert(usual_thresholds().begin(), usual_thresholds().end());
  return thresholds;
}

}  // namespace

std::map<std::string, Threshold> read_gate(const std::string& text) {
  try {
    return parse_experiment(text, "the stored experiment", {names_of(backends())}).gate;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\nthe usual thresholds hold, as its gate cannot be read\n", error.what());
    return {};
  }
}

Night judge_session(const std::string& database, const std::string& experiment, int64_t session) {
  return judge_night(database, experiment, session, thresholds_of(database, experiment));
}

SiteChange write_report(const std::string& database, const std::string& folder) {
  std::map<std::string, Thresholds> thresholds;
  for (const std::string& experiment : Store(database, Store::Access::read_only).experiments())
    thresholds[experiment] = thresholds_of(database, experiment);
  return write_site(database, folder, thresholds);
}

ExitCode exit_code(const Night& night) {
  if (night.has_regressed()) return ExitCode::regression;
  return night.present == 0 ? ExitCode::nothing_run : ExitCode::fine;
}

}  // namespace bitsweep
