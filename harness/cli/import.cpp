// bitsweep import: results that other programs measured.
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/foreign.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::vector<std::string> files;
  std::string format;
  std::string experiment;
  std::vector<std::string> fields;
};

ExitCode import_all(const Options& options) {
  for (const std::string& file : options.files) {
    const Imported imported =
        import_file(options.database, file, options.format, options.experiment, options.fields);
    fmt::print("{}: {} results {} session {}\n", file, imported.results,
               imported.known ? "were there already, in" : "stored in", imported.session);
  }
  return ExitCode::fine;
}

}  // namespace

Action define_import(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  add_database_option(verb, options->database);
  verb.add_option("file", options->files, "Files that another program wrote")->required();
  verb.add_option("--format", options->format,
                  fmt::format("One of {}", fmt::join(names_of(foreign_formats()), ", ")))
      ->required();
  verb.add_option("--experiment", options->experiment, "Its name; import:FORMAT if it is not given");
  verb.add_option("--set", options->fields,
                  "NAME=VALUE: a field that the file does not tell, e.g. precision=int8 batch=16")
      ->allow_extra_args(false);
  return [options] { return import_all(*options); };
}

}  // namespace bitsweep
