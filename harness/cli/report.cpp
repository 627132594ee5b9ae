// bitsweep report: a page that opens offline.
#include "results/report.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::string session = "latest";
  std::string folder;
};

}  // namespace

Action define_report(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  add_database_option(verb, options->database);
  verb.add_option("--out", options->folder, "The folder to write index.html into; made if missing")
      ->required();
  verb.add_option("--session", options->session, "A number, latest (of each experiment) or all")
      ->capture_default_str();
  return [options] {
    const auto path = write_report(options->database, options->session, options->folder);
    fmt::print("{}\n", path.string());
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
