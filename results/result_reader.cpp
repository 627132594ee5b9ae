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
void each(SQLite::Database& sqlite, const char* statement, int64_t result, const Take& take) {
  SQLite::Statement found(sqlite, statement);
  found.bind(1, result);
  while (found.executeStep()) take(found);
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

void read_layers_and_evidence(SQLite::Database& sqlite, int64_t row, Result& result) {
  const auto rows = [&](const char* statement, const auto& take) { each(sqlite, statement, row, take); };
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

void read_numbers_and_words(SQLite::Database& sqlite, int64_t row, Result& result) {
  const auto rows = [&](const char* statement, const auto& take) { each(sqlite, statement, row, take); };
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
  if (auto answers = read_answers(sqlite, {row}); !answers.empty())
    result.right = std::move(answers.at(row).right);
  rows("select note from notes where result = ?1 order by position",
       [&](SQLite::Statement& note) { result.notes.push_back(text(note, 0)); });
  rows("select sentence from explanations where result = ?1 order by position",
       [&](SQLite::Statement& sentence) { result.explanation.push_back(text(sentence, 0)); });
}

}  // namespace

Result read_circumstances(SQLite::Database& sqlite, int64_t row) {
  Result result;
  each(sqlite,
       "select outcome, reason, results.started, seconds, description, bitsweep, build, libraries "
       "from results join machines on machines.id = machine join software on software.id = software "
       "where results.id = ?1",
       row, [&](SQLite::Statement& found) {
         parse_value(text(found, 0), result.outcome);
         result.reason = text(found, 1);
         result.started = text(found, 2);
         result.seconds = found.getColumn(3).getDouble();
         nlohmann::json::parse(text(found, 4)).get_to(result.machine);
         result.software = read_software(found, 5);
       });
  read_layers_and_evidence(sqlite, row, result);
  return result;
}

Result read_result(SQLite::Database& sqlite, int64_t row) {
  Result result = read_circumstances(sqlite, row);
  each(sqlite, "select run from results where id = ?1", row,
       [&](SQLite::Statement& found) { result.run = read_run(sqlite, text(found, 0)); });
  read_numbers_and_words(sqlite, row, result);
  return result;
}

}  // namespace bitsweep
