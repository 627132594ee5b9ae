// Table of contents of the command line.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/cli/verbs.h"
#include "harness/result.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

struct Verb {
  const char* name;
  const char* meaning;
  Action (*define)(CLI::App&);
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> table = {
      {"plan", "Show the runs of an experiment, their ids and their count; nothing is started", define_plan},
      {"run", "Carry out an experiment, alone or under mpirun; started again, it finishes the rest",
       define_run},
      {"nightly",
       "Run an experiment anew, judge it against its history and report; the exit code is the verdict",
       define_nightly},
      {"regressions", "Judge a session against the history of its series: what changed, since when, and why",
       define_regressions},
      {"accept", "Take a change as it should be: it is the baseline from then on", define_accept},
      {"query", "Show results as a table, CSV, JSON or Markdown", define_query},
      {"trend", "Show the history of series, and where their level changed", define_trend},
      {"compare", "Compare two sessions, commits, machines or versions of a library, run by run",
       define_compare},
      {"explain", "Show one result in full, and why it is as fast as it is", define_explain},
      {"report", "Write a static report that opens offline", define_report},
      {"merge", "Take the results of other databases; doing so again changes nothing", define_merge},
      {"export", "Write results as CSV, JSON, JSON Lines or Google Benchmark's JSON", define_export},
      {"import", "Take results of Google Benchmark, onnxruntime_perf_test or MLPerf LoadGen", define_import},
      {"db", "Check the database, shrink it, or remove old sessions", define_db},
      {"train", "Train a network and write a checkpoint", define_train},
      {"convert", "Write a network, pruned or quantised if asked, as ONNX or safetensors", define_convert},
      {"infer", "Run a network once on images from a file, and write what it gives", define_infer},
      {"list", "Show the known models, backends, precisions, pruning methods, ...", define_list},
      {"doctor", "Show what this node can do at most, and what disturbs measuring on it", define_doctor},
      {"schema", "Print a JSON Schema of experiments, for editors", define_schema},
      {"execute", "", define_execute},
  };
  return table;
}

/// CLI11 takes an unknown verb for a stray argument and asks for a verb; better to say which ones there are.
void check_verb(int argc, char** argv) {
  if (argc < 2) throw Error("no verb was given; `bitsweep --help` lists them");
  const std::string word = argv[1];
  if (!word.starts_with('-')) pick(verbs(), "verb", word);
}

int command_line(int argc, char** argv) {
  check_verb(argc, argv);
  CLI::App app("bitsweep measures what low precision and pruning really buy", "bitsweep");
  app.set_version_flag("--version", this_software().bitsweep);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  Action action;
  for (const Verb& verb : verbs()) {
    CLI::App* subcommand = app.add_subcommand(verb.name, verb.meaning);
    const Action defined = verb.define(*subcommand);
    subcommand->final_callback([&action, defined] { action = defined; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(action());
}

}  // namespace
}  // namespace bitsweep

int main(int argc, char** argv) {
  try {
    const int code = bitsweep::command_line(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw bitsweep::Error("standard output cannot be written; is the disk full?");
    return code;
  } catch (const bitsweep::Error& error) {
    fmt::print(stderr, "bitsweep: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "bitsweep: unexpected: {}\n", error.what());
    return static_cast<int>(bitsweep::ExitCode::usage);
  }
}
