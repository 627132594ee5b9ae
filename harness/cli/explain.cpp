// bitsweep explain: one result in full, and why it is as fast as it is.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "results/account.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::string run;
  std::string session = "latest";
  int64_t layers = 12;
};

}  // namespace

Action define_explain(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("run", options->run, "Id of a run, or its beginning; `bitsweep query --columns model,id`")
      ->required();
  add_database_option(verb, options->database);
  verb.add_option("--session", options->session, "A number; else the latest that has the run")
      ->capture_default_str();
  verb.add_option("--layers", options->layers, "At most so many layers, the longest first; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  return [options] {
    const Account account = read_account(options->database, options->run, options->session);
    fmt::print("{}", to_text(account, static_cast<size_t>(options->layers)));
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
