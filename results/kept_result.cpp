#include "results/kept_result.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

namespace bitsweep {
namespace {

void read_layers(SQLite::Database& sqlite, int64_t id, Result& result) {
  SQLite::Statement found(
      sqlite,
      "select name, kind, implementation, data_types, time_ns, macs, bytes, isa, layouts, "
      "bound_ns, memory_bound from layers where result = ? order by position");
  found.bind(1, id);
  while (found.executeStep()) {
    const auto text = [&](int column) { return found.getColumn(column).getString(); };
    result.layers.push_back({text(0), text(1), text(2), text(3), found.getColumn(4).getDouble(),
                             found.getColumn(5).getInt64(), found.getColumn(6).getInt64(), text(7), text(8),
                             found.getColumn(9).getDouble(), found.getColumn(10).getInt() != 0});
  }
}

void read_evidence(SQLite::Database& sqlite, int64_t id, Result& result) {
  SQLite::Statement found(sqlite, "select name, value from evidence where result = ?");
  found.bind(1, id);
  while (found.executeStep())
    result.evidence[found.getColumn(0).getString()] = found.getColumn(1).getString();
}

}  // namespace

Result read_kept_result(SQLite::Database& sqlite, int64_t id) {
  SQLite::Statement found(sqlite,
                          "select outcome, reason, results.started, seconds, description, bitsweep, build, "
                          "libraries from results join machines on machines.id = machine join software on "
                          "software.id = software where results.id = ?");
  found.bind(1, id);
  if (!found.executeStep()) throw std::out_of_range("no such result");
  const auto text = [&](int column) { return found.getColumn(column).getString(); };
  Result result;
  parse_value(text(0), result.outcome);
  result.reason = text(1);
  result.started = text(2);
  result.seconds = found.getColumn(3).getDouble();
  result.machine = nlohmann::json::parse(text(4)).get<Machine>();
  result.software = {text(5), text(6), {}};
  for (const auto& library : nlohmann::json::parse(text(7)))
    result.software.libraries.push_back({library.at("name"), library.at("version")});
  read_layers(sqlite, id, result);
  read_evidence(sqlite, id, result);
  return result;
}

}  // namespace bitsweep
