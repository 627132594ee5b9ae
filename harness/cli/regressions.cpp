// bitsweep regressions: the verdict on a session that is there.
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/judging.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/night_formats.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::string experiment;
  int64_t session = 0;
  std::string format;
};

}  // namespace

Action define_regressions(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("experiment", options->experiment, "Its name, as its file gives it")->required();
  add_database_option(verb, options->database);
  verb.add_option("--session", options->session, "A number; else the latest")->check(CLI::PositiveNumber);
  options->format = night_formats().front().name;
  verb.add_option("--format", options->format,
                  fmt::format("One of {}", fmt::join(names_of(night_formats()), ", ")))
      ->capture_default_str();
  return [options] {
    const NightFormat& format = pick(night_formats(), "format", options->format);
    const Night night = judge_session(options->database, options->experiment, options->session);
    print_page(format.render(night), &format == &night_formats().front());
    return exit_code(night);
  };
}

}  // namespace bitsweep
