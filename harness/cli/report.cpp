// bitsweep report: a site that opens offline.
#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "harness/cli/database_option.h"
#include "harness/cli/judging.h"
#include "harness/cli/verbs.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database, folder;
};

}  // namespace

Action define_report(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  add_database_option(verb, options->database);
  verb.add_option(
          "--out", options->folder,
          "The folder to write the site into; made if missing. Again: only what is new is read and written")
      ->required();
  return [options] {
    const SiteChange change = write_report(options->database, options->folder);
    fmt::print("{}\n", (std::filesystem::path(options->folder) / "index.html").string());
    fmt::print(stderr, "{} new results of {} series{}; {} files written, {} as they were\n",
               change.new_results, change.new_in_series, change.from_the_start ? ", all that there are" : "",
               change.written, change.unchanged);
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
