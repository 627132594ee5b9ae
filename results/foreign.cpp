#include "results/foreign.h"

#include <ctime>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <xxhash.h>

#include "harness/table.h"
#include "results/database.h"
#include "results/foreign_google_benchmark.h"
#include "results/foreign_summaries.h"
#include "results/statements.h"
#include "results/store.h"

namespace bitsweep {
namespace {

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || std::filesystem::is_directory(path))
    throw Error(fmt::format("{}: cannot be read; right is a file that another program wrote", path));
  return text;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  char text[32] = "";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&seconds));
  return text;
}

void set_fields(Run& run, const std::vector<std::string>& fields) {
  for (const std::string& text : fields) {
    const size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals == text.npos || name == "backend")
      throw Error(
          fmt::format("--set {}: right is NAME=VALUE with a field of a run other than backend, which is the "
                      "format's name",
                      text));
    set_field(run, name, text.substr(equals + 1));
  }
}

/// What every result of a foreign file says of itself.
void complete(Result& result, const ForeignFormat& format, const std::string& path,
              const std::vector<std::string>& fields) {
  result.run.backend = format.name;
  set_fields(result.run, fields);
  result.software.bitsweep = this_software().bitsweep;
  if (result.software.libraries.empty()) result.software.libraries = {{format.name, "unknown"}};
  if (result.machine.host.empty()) result.machine.host = "unknown";
  if (result.machine.cpu.empty()) result.machine.cpu = "unknown";
  if (result.started.empty()) result.started = now();
  result.evidence["imported_from"] = std::filesystem::path(path).filename().string();
  result.notes.push_back(fmt::format(
      "measured by another program ({}); fields of the run that it does not tell are defaults, unless "
      "--set gave them",
      format.name));
}

void check_runs_differ(const std::vector<Result>& results, const std::string& path) {
  std::set<std::string> runs;
  for (const Result& result : results)
    if (!runs.insert(run_id(result.run)).second)
      throw Error(
          fmt::format("{}: two results would be the same run '{}'; right is no --set model where a file "
                      "has several results",
                      path, canonical_text(result.run)));
}

/// The session of this experiment that was imported from this very text, or 0.
int64_t session_of(const std::string& database, const std::string& experiment, const std::string& text) {
  if (!std::filesystem::exists(database)) return 0;
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    return Statements(sqlite).number(
        0,
        "select sessions.id from sessions join executions on session = sessions.id "
        "where experiment = ? and spec_text = ?",
        experiment, text);
  });
}

}  // namespace

const std::vector<ForeignFormat>& foreign_formats() {
  static const std::vector<ForeignFormat> list = {
      {"google-benchmark", "JSON of Google Benchmark (--benchmark_format=json)", read_google_benchmark},
      {"onnxruntime-perf-test", "what onnxruntime_perf_test prints", read_onnxruntime_perf_test},
      {"mlperf-loadgen", "mlperf_log_summary.txt of MLPerf LoadGen", read_mlperf_summary}};
  return list;
}

Imported import_file(const std::string& database, const std::string& path, const std::string& format,
                     const std::string& experiment, const std::vector<std::string>& fields) {
  const ForeignFormat& foreign = pick(foreign_formats(), "format", format);
  Experiment source;
  source.name = experiment.empty() ? "import:" + foreign.name : experiment;
  source.path = path;
  source.text = read_whole(path);
  std::vector<Result> results = foreign.read(source.text, path);
  if (results.empty())
    throw Error(fmt::format("{}: no result in it; right is a file of {}", path, foreign.meaning));
  for (Result& result : results) complete(result, foreign, path, fields);
  check_runs_differ(results, path);
  if (const int64_t session = session_of(database, source.name, source.text); session != 0)
    return {session, results.size(), true};
  Store store(database, Access::read_write);
  const int64_t session = store.begin_session(source, static_cast<int64_t>(results.size()));
  store.add(session, results);
  return {session, results.size(), false};
}

}  // namespace bitsweep
