#include "results/result_reader.h"

#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "results/answers.h"

namespace bitsweep {
namespace {

/// Calls take(row) for each row of a statement in which ?1 is the result.
template <class Take>
void each(Statements& statements, const char* statement, int64_t result, const Take& take) {
  SQLite::Statement& found = statements.prepare(statement);
  found.bind(1, result);
  while (found.executeStep()) take(found);
  found.reset();
}

std::string text(SQLite::Statement& row, int column) {
  return row.getColumn(column).getString();
}

Run read_run(SQLite::Database& sqlite, const std::string& id) {
  SQLite::Statement found(sqlite,
                          fmt::format("select {} from runs where id = ?", fmt::join(field_names(), ", ")));
  found.bind(1, id);
  found.executeStep();
  Run run;
  for (size_t i = 0; i < field_names().size(); ++i)
    set_field(run, field_names()[i], text(found, static_cast<int>(i)));
  return run;
}

Software read_software(SQLite::Statement& row, int first) {
  Software software{text(row, first), text(row, first + 1), {}};
  for (const nlohmann::json& library : nlohmann::json::parse(text(row, first + 2)))
    software.libraries.push_back({library.at("name"), library.at("version")});
  return software;
}

void read_layers_and_evidence(Statements& statements, int64_t row, Result& result) {
  const auto rows = [&](const char* statement, const auto& take) { each(statements, statement, row, take); };
  rows(
      "select name, kind, implementation, data_types, time_ns, macs, bytes, isa, layouts, bound_ns, "
      "memory_bound "
      "from layers where result = ?1 order by position",
      [&](SQLite::Statement& layer) {
        LayerRecord& record = result.layers.emplace_back();
        record.name = text(layer, 0);
        record.kind = text(layer, 1);
        record.implementation = text(layer, 2);
        record.data_types = text(layer, 3);
        record.time_ns = layer.getColumn(4).getDouble();
        record.macs = layer.getColumn(5).getInt64();
        record.bytes = layer.getColumn(6).getInt64();
        record.isa = text(layer, 7);
        record.layouts = text(layer, 8);
        record.bound_ns = layer.getColumn(9).getDouble();
        record.memory_bound = layer.getColumn(10).getInt() != 0;
      });
  rows("select name, value from evidence where result = ?1",
       [&](SQLite::Statement& evidence) { result.evidence[text(evidence, 0)] = text(evidence, 1); });
}

void read_numbers_and_words(Statements& statements, int64_t row, Result& result) {
  const auto rows = [&](const char* statement, const auto& take) { each(statements, statement, row, take); };
  rows("select name, value, unit, direction from metrics where result = ?1 order by name",
       [&](SQLite::Statement& metric) {
         const bool missing = metric.isColumnNull(1);
         Direction direction{};
         parse_value(text(metric, 3), direction);
         result.metrics.push_back(
             {text(metric, 0),
              missing ? std::numeric_limits<double>::quiet_NaN() : metric.getColumn(1).getDouble(),
              text(metric, 2), direction});
       });
  rows("select samples_ns from sample_lists where result = ?1",
       [&](SQLite::Statement& list) { nlohmann::json::parse(text(list, 0)).get_to(result.samples_ns); });
  if (auto answers = read_answers(statements.sqlite(), {row}); !answers.empty())
    result.right = std::move(answers.at(row).right);
  rows("select note from notes where result = ?1 order by position",
       [&](SQLite::Statement& note) { result.notes.push_back(text(note, 0)); });
  rows("select sentence from explanations where result = ?1 order by position",
       [&](SQLite::Statement& sentence) { result.explanation.push_back(text(sentence, 0)); });
}

}  // namespace

Result CircumstancesReader::read(int64_t row) {
  Result result;
  each(statements_, "select outcome, reason, started, seconds, machine, software from results where id = ?1",
       row, [&](SQLite::Statement& found) {
         parse_value(text(found, 0), result.outcome);
         result.reason = text(found, 1);
         result.started = text(found, 2);
         result.seconds = found.getColumn(3).getDouble();
         result.machine = machine(found.getColumn(4).getInt64());
         result.software = software(found.getColumn(5).getInt64());
       });
  read_layers_and_evidence(statements_, row, result);
  return result;
}

const Machine& CircumstancesReader::machine(int64_t id) {
  const auto [known, is_new] = machines_.try_emplace(id);
  if (is_new)
    each(statements_, "select description from machines where id = ?1", id,
         [&](SQLite::Statement& found) { nlohmann::json::parse(text(found, 0)).get_to(known->second); });
  return known->second;
}

const Software& CircumstancesReader::software(int64_t id) {
  const auto [known, is_new] = software_.try_emplace(id);
  if (is_new)
    each(statements_, "select bitsweep, build, libraries from software where id = ?1", id,
         [&](SQLite::Statement& found) { known->second = read_software(found, 0); });
  return known->second;
}

Result read_result(SQLite::Database& sqlite, int64_t row) {
  Result result = CircumstancesReader(sqlite).read(row);
  Statements statements(sqlite);
  each(statements, "select run from results where id = ?1", row,
       [&](SQLite::Statement& found) { result.run = read_run(sqlite, text(found, 0)); });
  read_numbers_and_words(statements, row, result);
  return result;
}

}  // namespace bitsweep
