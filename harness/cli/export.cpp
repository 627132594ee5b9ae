// bitsweep export: results for other programs.
#include "results/export.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  Query query;
  std::string format = "csv";
  std::string out;
};

/// Into a file beside `path` first: a mistake leaves what was there.
size_t write_file(const Options& options) {
  const std::string unfinished = options.out + ".unfinished";
  std::ofstream file(unfinished, std::ios::binary);
  const auto check = [&](bool good) {
    if (!good)
      throw Error(
          fmt::format("{}: cannot be written; right is a file in a folder that exists, with room on the disk",
                      options.out));
  };
  check(file.good());
  try {
    const size_t results = export_results(options.database, options.query, options.format, file);
    file.close();
    std::error_code failed;
    if (file) std::filesystem::rename(unfinished, options.out, failed);
    check(file && !failed);
    return results;
  } catch (...) {
    std::filesystem::remove(unfinished);
    throw;
  }
}

ExitCode write(const Options& options) {
  const size_t results = options.out.empty()
                             ? export_results(options.database, options.query, options.format, std::cout)
                             : write_file(options);
  if (!std::cout.flush()) throw Error("standard output cannot be written; is the disk full?");
  fmt::print(stderr, "bitsweep: {} results exported\n", results);
  return ExitCode::fine;
}

}  // namespace

Action define_export(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  add_database_option(verb, options->database);
  verb.add_option("filter", options->query.filters, "Conditions that must all hold, as of `bitsweep query`");
  verb.add_option("--session", options->query.session,
                  "A number, latest (of each experiment; the default) or all");
  verb.add_option("--format", options->format,
                  fmt::format("One of {}", fmt::join(names_of(export_formats()), ", ")))
      ->capture_default_str();
  verb.add_option("--out", options->out, "The file; standard output if it is not given");
  return [options] { return write(*options); };
}

}  // namespace bitsweep
