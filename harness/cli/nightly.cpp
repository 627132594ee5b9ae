// bitsweep nightly: run, judge, report; the exit code is the verdict.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/judging.h"
#include "harness/cli/run.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/night_formats.h"

namespace bitsweep {
namespace {

struct Options {
  RunOptions run;
  bool resume = false, confirm = false;
  std::string folder, format;
};

/// FOLDER/night.FORMAT in each format, beside the report.
void write_pages(const Night& night, const Options& options) {
  write_report(options.run.database, options.folder);
  for (const NightFormat& format : night_formats()) {
    const auto path = std::filesystem::path(options.folder) / ("night." + format.name);
    std::ofstream file(path, std::ios::binary);
    file << format.render(night);
    if (!file.flush())
      throw Error(
          fmt::format("{}: cannot be written; is the folder writable, and the disk full?", path.string()));
  }
}

/// Measures the suspects of a session again, each as in the session but with no other runs beside them, in a
/// session that says so. Collective.
void measure_again(Cluster& cluster, const Options& options, const Night& night) {
  RunOptions again = options.run;
  again.only = suspects(night);
  again.fresh = true;
  again.confirms = night.session;
  if (!again.only.empty()) {
    fmt::print(stderr, "{} of {} runs are suspect and are measured again\n", again.only.size(),
               night.present);
    run_experiment(cluster, again);
  } else if (!cluster.alone()) {
    cluster.dismiss();
  }
}

Night judge_the_night(Cluster& cluster, const Options& options, const Carried& carried) {
  const auto judge = [&] {
    return judge_session(options.run.database, carried.experiment.name, carried.session);
  };
  if (!options.confirm) return judge();
  Night night;
  try {
    night = judge();
  } catch (...) {
    if (!cluster.alone()) cluster.dismiss();  // they wait for what is measured again
    throw;
  }
  measure_again(cluster, options, night);
  return judge();
}

ExitCode work_the_night(Options& options) {
  options.run.fresh = !options.resume;
  Cluster cluster;
  const Carried carried = run_experiment(cluster, options.run);
  if (!carried.leads) return options.confirm ? run_experiment(cluster, options.run).code : carried.code;
  const Night night = judge_the_night(cluster, options, carried);
  const NightFormat& format = pick(night_formats(), "format", options.format);
  print_page(format.render(night), &format == &night_formats().front());
  if (!options.folder.empty()) write_pages(night, options);
  const ExitCode verdict = exit_code(night);
  return verdict == ExitCode::fine ? carried.code : verdict;
}

}  // namespace

Action define_nightly(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("file", options->run.file, "Experiment (YAML)")->required();
  add_database_option(verb, options->run.database);
  verb.add_flag("--resume", options->resume, "Finish the latest session instead of beginning a new one");
  verb.add_flag(
      "--confirm", options->confirm,
      "Measure what seems to have regressed in this session alone again; only what is confirmed counts");
  verb.add_option("--out", options->folder,
                  "A folder for the report and for the verdict in all formats; made if missing");
  options->format = night_formats().front().name;
  verb.add_option("--format", options->format,
                  fmt::format("Of what is printed: {}", fmt::join(names_of(night_formats()), ", ")))
      ->capture_default_str();
  return [options] {
    pick(night_formats(), "format", options->format);  // a mistake is told before the night, not after it
    return work_the_night(*options);
  };
}

}  // namespace bitsweep
