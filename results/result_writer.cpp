#include "results/result_writer.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "results/answers.h"

namespace bitsweep {
namespace {

/// Ids are remembered up to this number; a step takes some 200 bytes.
constexpr size_t most_remembered = 200'000;

void bind_field(SQLite::Statement& statement, int index, int64_t value) {
  statement.bind(index, value);
}
template <class Value>
void bind_field(SQLite::Statement& statement, int index, const Value& value) {
  statement.bind(index, to_text(value));
}

/// Of the table runs, with a place for each value.
std::string insertion_of_run() {
  std::string places;
  for (size_t i = 0; i < field_names().size(); ++i) places += ", ?";
  return fmt::format("insert or ignore into runs (id, canonical, {}) values (?, ?{})",
                     fmt::join(field_names(), ", "), places);
}

/// The id under `key`, which `find` gives once.
template <class Find>
int64_t remembered(std::unordered_map<std::string, int64_t>& ids, std::string key, const Find& find) {
  const auto known = ids.find(key);
  if (known != ids.end()) return known->second;
  if (ids.size() >= most_remembered) ids.clear();
  return ids[std::move(key)] = find();
}

}  // namespace

void ResultWriter::look_again() {
  // Changes when another connection has changed the file.
  const int64_t version = statements_.number(0, "pragma data_version");
  if (version != data_version_) forget();
  data_version_ = version;
}

void ResultWriter::forget() {
  machines_.clear();
  software_.clear();
  metrics_.clear();
  steps_.clear();
}

void ResultWriter::add_run(const Run& run, const std::string& id) {
  static const std::string text = insertion_of_run();
  SQLite::Statement& insertion = statements_.prepare(text);
  insertion.bind(1, id);
  insertion.bind(2, canonical_text(run));
  int index = 3;
  for_each_field(run,
                 [&](const char*, const auto& value, const char*) { bind_field(insertion, index++, value); });
  insertion.exec();
  insertion.reset();
}

int64_t ResultWriter::machine_row(const Machine& machine) {
  const auto known =
      std::find_if(machines_.begin(), machines_.end(), [&](const auto& one) { return one.first == machine; });
  if (known != machines_.end()) return known->second;
  const std::string description = nlohmann::json(machine).dump();
  int64_t id = statements_.number(-1, "select id from machines where description = ?", description);
  if (id < 0) {
    statements_.execute(
        "insert into machines (class, host, cpu, isa, physical_cores, logical_cores, core_set, memory_bytes, "
        "gpus, kernel, governor, description) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        machine_class(machine), machine.host, machine.cpu, fmt::format("{}", fmt::join(machine.isa, " ")),
        machine.physical_cores, machine.logical_cores, machine.core_set, machine.memory_bytes,
        fmt::format("{}", fmt::join(machine.gpus, ", ")), machine.kernel, machine.governor, description);
    id = statements_.sqlite().getLastInsertRowid();
  }
  machines_.emplace_back(machine, id);
  return id;
}

int64_t ResultWriter::software_row(const Software& software) {
  nlohmann::json libraries = nlohmann::json::array();
  for (const Library& library : software.libraries)
    libraries.push_back({{"name", library.name}, {"version", library.version}});
  const std::string text = libraries.dump();
  return remembered(software_, fmt::format("{}\n{}\n{}", software.bitsweep, software.build, text), [&] {
    return statements_.find_or_insert(
        "select id from software where bitsweep = ? and build = ? and libraries = ?",
        "insert into software (bitsweep, build, libraries) values (?, ?, ?)", software.bitsweep,
        software.build, text);
  });
}

int64_t ResultWriter::metric_row(const Metric& metric) {
  const std::string direction = to_text(metric.direction);
  return remembered(metrics_, fmt::format("{}\n{}\n{}", metric.name, metric.unit, direction), [&] {
    return statements_.find_or_insert(
        "select id from metric_names where name = ? and unit = ? and direction = ?",
        "insert into metric_names (name, unit, direction) values (?, ?, ?)", metric.name, metric.unit,
        direction);
  });
}

int64_t ResultWriter::step_row(const LayerRecord& layer) {
  std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", layer.name, layer.kind, layer.implementation,
                  layer.data_types, layer.isa, layer.layouts, layer.macs, layer.bytes);
  return remembered(steps_, std::move(key), [&] {
    return statements_.find_or_insert(
        "select id from steps where name = ? and kind = ? and implementation = ? and data_types = ? "
        "and isa = ? and layouts = ? and macs = ? and bytes = ?",
        "insert into steps (name, kind, implementation, data_types, isa, layouts, macs, bytes) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        layer.name, layer.kind, layer.implementation, layer.data_types, layer.isa, layer.layouts, layer.macs,
        layer.bytes);
  });
}

void ResultWriter::add_metrics(int64_t row, const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics)
    statements_.execute("insert into metric_values (result, metric, value) values (?, ?, ?)", row,
                        metric_row(metric), metric.value);
}

void ResultWriter::add_samples(int64_t row, const std::vector<int64_t>& samples_ns) {
  if (samples_ns.empty()) return;
  statements_.execute("insert into sample_lists (result, samples_ns) values (?, ?)", row,
                      nlohmann::json(samples_ns).dump());
}

void ResultWriter::add_answers(int64_t row, const std::vector<bool>& right) {
  if (right.empty()) return;
  const std::string bits = packed(right);
  SQLite::Statement& insertion =
      statements_.prepare("insert into answers (result, images, bits) values (?, ?, ?)");
  insertion.bind(1, row);
  insertion.bind(2, static_cast<int64_t>(right.size()));
  insertion.bind(3, bits.data(), static_cast<int>(bits.size()));
  insertion.exec();
  insertion.reset();
}

void ResultWriter::add_layers(int64_t row, const std::vector<LayerRecord>& layers) {
  int64_t position = 0;
  for (const LayerRecord& layer : layers)
    statements_.execute(
        "insert into step_times (result, position, step, time_ns, bound_ns, memory_bound) "
        "values (?, ?, ?, ?, ?, ?)",
        row, position++, step_row(layer), layer.time_ns, layer.bound_ns,
        static_cast<int64_t>(layer.memory_bound));
}

void ResultWriter::add_words(int64_t row, const Result& result) {
  int64_t position = 0;
  for (const std::string& note : result.notes)
    statements_.execute("insert into notes (result, position, note) values (?, ?, ?)", row, position++, note);
  position = 0;
  for (const std::string& sentence : result.explanation)
    statements_.execute("insert into explanations (result, position, sentence) values (?, ?, ?)", row,
                        position++, sentence);
  for (const auto& [name, value] : result.evidence)
    statements_.execute("insert into evidence (result, name, value) values (?, ?, ?)", row, name, value);
}

void ResultWriter::add(int64_t session, const Result& result) {
  const std::string run = run_id(result.run);
  add_run(result.run, run);
  statements_.execute("delete from results where session = ? and run = ?", session, run);
  statements_.execute(
      "insert into results (session, run, outcome, reason, machine, software, started, seconds) "
      "values (?, ?, ?, ?, ?, ?, ?, ?)",
      session, run, to_text(result.outcome), result.reason, machine_row(result.machine),
      software_row(result.software), result.started, result.seconds);
  const int64_t row = statements_.sqlite().getLastInsertRowid();
  add_metrics(row, result.metrics);
  add_samples(row, result.samples_ns);
  add_answers(row, result.right);
  add_layers(row, result.layers);
  add_words(row, result);
}

}  // namespace bitsweep
