#include "results/export.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/table.h"
#include "results/columns.h"
#include "results/database.h"
#include "results/render.h"
#include "results/result_reader.h"

namespace bitsweep {
namespace {

using nlohmann::json;
using Sqlite = SQLite::Database;

/// The rows of the results in the order of the query.
std::vector<int64_t> selected_rows(const std::string& database, Sqlite& sqlite, Query query) {
  query.columns = {"session", "id"};
  SQLite::Statement found(sqlite, "select id from results where session = ? and run = ?");
  std::vector<int64_t> rows;
  for (const std::vector<Cell>& cells : read_results(database, query).cells) {
    found.reset();
    found.bind(1, std::get<int64_t>(cells[0]));
    found.bind(2, std::get<std::string>(cells[1]));
    if (found.executeStep()) rows.push_back(found.getColumn(0).getInt64());
  }
  return rows;
}

/// A result with the session it belongs to.
json complete(Sqlite& sqlite, int64_t row) {
  json object = read_result(sqlite, row);
  SQLite::Statement session(sqlite,
                            "select experiment, sessions.id, sessions.started, run from results "
                            "join sessions on sessions.id = session where results.id = ?");
  session.bind(1, row);
  session.executeStep();
  object["experiment"] = session.getColumn(0).getString();
  object["session"] = session.getColumn(1).getInt64();
  object["session_started"] = session.getColumn(2).getString();
  object["id"] = session.getColumn(3).getString();
  return object;
}

size_t write_csv(const std::string& database, Query query, std::ostream& out) {
  query.columns = Database(database, Access::read_only).use([](Sqlite& sqlite) {
    return names_of(known_columns(sqlite));
  });
  const Rows rows = read_results(database, query);
  out << pick(formats(), "format", "csv").render(rows);
  return rows.cells.size();
}

// ---- Google Benchmark
// ----------------------------------------------------------------------------------------

/// More repetitions make its compare.py no surer, only slower.
constexpr size_t most_repetitions = 100;

/// A repetition there is the mean of consecutive iterations: the samples are divided so, in the order taken.
void add_repetitions(json& benchmarks, const std::string& name, const std::vector<double>& samples_ns,
                     int64_t family) {
  const size_t repetitions = std::min(samples_ns.size(), most_repetitions);
  for (size_t i = 0; i < repetitions; ++i) {
    const auto first = samples_ns.begin() + static_cast<std::ptrdiff_t>(i * samples_ns.size() / repetitions);
    const auto last =
        samples_ns.begin() + static_cast<std::ptrdiff_t>((i + 1) * samples_ns.size() / repetitions);
    const double mean = std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
    benchmarks.push_back({{"name", name},
                          {"family_index", family},
                          {"per_family_instance_index", 0},
                          {"run_name", name},
                          {"run_type", "iteration"},
                          {"repetitions", repetitions},
                          {"repetition_index", i},
                          {"threads", 1},
                          {"iterations", last - first},
                          {"real_time", mean},
                          {"cpu_time", mean},
                          {"time_unit", "ns"}});
  }
}

/// The samples, or else the one time that is known of the result; none if it has no time.
std::vector<double> times(const Result& result) {
  if (!result.samples_ns.empty()) return {result.samples_ns.begin(), result.samples_ns.end()};
  for (const char* name : {"latency_p50", "latency_mean"})
    for (const Metric& metric : result.metrics)
      if (metric.name == name && metric.unit == "ns") return {metric.value};
  return {};
}

size_t write_google_benchmark(Sqlite& sqlite, const std::vector<int64_t>& rows, std::ostream& out) {
  json benchmarks = json::array();
  json context = {{"executable", "bitsweep"},
                  {"library_build_type", "release"},
                  {"cpu_time", "bitsweep measures no processor time: cpu_time repeats real_time"}};
  std::set<std::string> names;
  for (const int64_t row : rows) {
    const Result result = read_result(sqlite, row);
    const std::vector<double> samples_ns = times(result);
    if (result.outcome != Outcome::ok || samples_ns.empty()) continue;
    std::string name = canonical_text(result.run);
    std::replace(name.begin(), name.end(), ' ', '/');
    if (!names.insert(name).second)
      throw Error(
          fmt::format("{} was measured in several of the sessions, and Google Benchmark's format has no "
                      "place to tell them apart; right is one session, e.g. --session {}",
                      name, complete(sqlite, row)["session"].get<int64_t>()));
    context.update({{"date", result.started},
                    {"host_name", result.machine.host},
                    {"num_cpus", result.machine.logical_cores}});
    add_repetitions(benchmarks, name, samples_ns, static_cast<int64_t>(names.size()) - 1);
  }
  out << json{{"context", context}, {"benchmarks", benchmarks}}.dump(1) << '\n';
  return names.size();
}

size_t write_complete(Sqlite& sqlite, const std::vector<int64_t>& rows, bool as_lines, std::ostream& out) {
  const char* separator = "";
  if (!as_lines) out << "[\n";
  for (const int64_t row : rows) {
    out << separator << complete(sqlite, row).dump();
    separator = as_lines ? "\n" : ",\n";
  }
  if (!rows.empty()) out << '\n';
  if (!as_lines) out << "]\n";
  return rows.size();
}

}  // namespace

const std::vector<ExportFormat>& export_formats() {
  static const std::vector<ExportFormat> list = {
      {"csv", "a row a result, every column; a heading"},
      {"json", "an array of whole results, with samples, layers and evidence"},
      {"jsonl", "the same, one result a line"},
      {"google-benchmark", "the times, as Google Benchmark's --benchmark_format=json has them"}};
  return list;
}

size_t export_results(const std::string& database, const Query& query, const std::string& format,
                      std::ostream& out) {
  pick(export_formats(), "format", format);
  if (format == "csv") return write_csv(database, query, out);
  return Database(database, Access::read_only).use([&](Sqlite& sqlite) {
    const std::vector<int64_t> rows = selected_rows(database, sqlite, query);
    if (format == "google-benchmark") return write_google_benchmark(sqlite, rows, out);
    return write_complete(sqlite, rows, format == "jsonl", out);
  });
}

}  // namespace bitsweep
