// bitsweep accept: a change is as it should be, and is the baseline from now on.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "results/acceptance.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  Acceptance acceptance;
  std::string until;
};

/// A day is the end of that day.
std::string moment(const std::string& text) {
  static constexpr const char* digits = "0000-00-00";
  bool right = text.size() == 10;
  for (size_t i = 0; right && i < text.size(); ++i)
    right = digits[i] == '-' ? text[i] == '-' : text[i] >= '0' && text[i] <= '9';
  if (!right) throw Error(fmt::format("--until {}: this is no day; right is such as 2026-12-31", text));
  return text + "T23:59:59Z";
}

}  // namespace

Action define_accept(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  Acceptance& acceptance = options->acceptance;
  verb.add_option("run", acceptance.run, "Id of the run, or its beginning")->required();
  add_database_option(verb, options->database);
  verb.add_option("--metric", acceptance.metric, "The metric that changed")->required();
  verb.add_option("--session", acceptance.session,
                  "The first session of the change, as `regressions` tells it")
      ->required();
  verb.add_option("--why", acceptance.why, "Why it is as it should be")->required();
  const char* const user = std::getenv("USER");
  acceptance.who = user != nullptr ? user : "unknown";
  verb.add_option("--who", acceptance.who, "Who says so")->capture_default_str();
  verb.add_option("--until", options->until, "The last day on which it holds, YYYY-MM-DD; else for good");
  return [options] {
    if (!options->until.empty()) options->acceptance.until = moment(options->until);
    const std::string run = accept_change(options->database, options->acceptance);
    fmt::print("{}: {} is accepted as it is since session {}\n", run, options->acceptance.metric,
               options->acceptance.session);
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
