// bitsweep db: is the database whole, smaller, rid of old sessions.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "results/maintenance.h"
#include "results/quantity.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::string keep;
  bool yes = false;
};

ExitCode check(const Options& options) {
  const std::vector<std::string> faults = integrity(options.database);
  for (const std::string& fault : faults) fmt::print(stderr, "bitsweep: {}: {}\n", options.database, fault);
  if (!faults.empty())
    throw Error(fmt::format("{}: the database is damaged; restore a copy, or save what is left with "
                            "`sqlite3 '{}' .recover`",
                            options.database, options.database),
                ExitCode::database);
  fmt::print("{}: whole\n", options.database);
  return ExitCode::fine;
}

ExitCode shrink(const Options& options) {
  const Sizes sizes = vacuum(options.database);
  fmt::print("{}: {} before, {} now\n", options.database,
             readable(static_cast<double>(sizes.before), "bytes"),
             readable(static_cast<double>(sizes.after), "bytes"));
  return ExitCode::fine;
}

ExitCode remove_old(const Options& options) {
  const std::vector<PrunedSession> sessions = to_prune(options.database, parse_keep(options.keep));
  int64_t results = 0;
  for (const PrunedSession& session : sessions) {
    fmt::print("session {}  {}  {}  {} results\n", session.id, session.started, session.experiment,
               session.results);
    results += session.results;
  }
  const std::string all = fmt::format("{} sessions with {} results", sessions.size(), results);
  if (sessions.empty()) {
    fmt::print("{}: nothing is older\n", options.database);
  } else if (!options.yes) {
    fmt::print("{}: {} would go; --yes removes them\n", options.database, all);
  } else {
    prune(options.database, sessions);
    fmt::print("{}: {} removed; `bitsweep db vacuum` gives their room back to the disk\n", options.database,
               all);
  }
  return ExitCode::fine;
}

}  // namespace

Action define_db(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  const auto chosen = std::make_shared<ExitCode (*)(const Options&)>(nullptr);
  const auto add = [&](const char* name, const char* meaning, ExitCode (*action)(const Options&)) {
    CLI::App* part = verb.add_subcommand(name, meaning);
    add_database_option(*part, options->database);
    part->callback([chosen, action] { *chosen = action; });
    return part;
  };
  verb.require_subcommand(1);
  add("integrity", "Check every page, index and reference", check);
  add("vacuum", "Give the room of what was removed back to the disk", shrink);
  CLI::App* part = add("prune", "Remove old sessions with their results", remove_old);
  part->add_option("--keep", options->keep,
                   "The latest N sessions of each experiment, or Nd: those of the last N days")
      ->required();
  part->add_flag("--yes", options->yes, "Remove them; without it they are only shown");
  return [options, chosen] { return (*chosen)(*options); };
}

}  // namespace bitsweep
