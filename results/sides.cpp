#include "results/sides.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/run.h"
#include "harness/table.h"
#include "results/answers.h"
#include "results/database.h"
#include "results/query.h"
#include "results/rounds.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

using Sqlite = SQLite::Database;

std::string text(const Cell& cell) {
  const auto* found = std::get_if<std::string>(&cell);
  return found == nullptr ? "" : *found;
}

int64_t whole(const Cell& cell) {
  const auto* found = std::get_if<int64_t>(&cell);
  return found == nullptr ? 0 : *found;
}

int64_t whole_of_text(const Cell& cell) {
  return std::atoll(text(cell).c_str());
}

/// The ids of the machines or software that a statement finds. If there are none, what is known is told.
std::string found_ids(Sqlite& sqlite, const std::string& side, const Select& wanted, const char* known) {
  nlohmann::json ids = nlohmann::json::array();
  for (const auto& row : read_rows(sqlite, wanted).cells) ids.push_back(whole(row[0]));
  if (!ids.empty()) return ids.dump();
  std::vector<std::string> names;
  for (const auto& row : read_rows(sqlite, {known, {}}).cells) names.push_back(text(row[0]));
  throw Error(fmt::format("{}: no result has this; known: {}", side, fmt::join(names, ", ")));
}

std::string found_software(Sqlite& sqlite, const std::string& side, const std::string& library) {
  const size_t equals = library.find('=');
  if (equals == library.npos)
    throw Error(fmt::format("{}: right is library:NAME=VERSION, such as library:oneDNN=2.6.3", side));
  return found_ids(
      sqlite, side,
      {"select distinct software.id from software, json_each(libraries) where json_extract(value, "
       "'$.name') = ?1 and json_extract(value, '$.version') = ?2",
       {library.substr(0, equals), library.substr(equals + 1)}},
      "select distinct json_extract(value, '$.name') || '=' || json_extract(value, '$.version') "
      "from software, json_each(libraries) order by 1");
}

/// The condition on results that a side as typed says.
std::string side_condition(Sqlite& sqlite, const std::string& side, Select& select) {
  const auto among = [&](const char* column, const std::string& ids) {
    return fmt::format("{} in (select value from json_each({}))", column, select.bind(ids));
  };
  const size_t colon = side.find(':');
  const std::string kind = colon == side.npos ? "" : side.substr(0, colon);
  const std::string name = colon == side.npos ? side : side.substr(colon + 1);
  if (kind == "commit")
    return among(
        "results.software",
        found_ids(
            sqlite, side,
            {"select id from software where length(?1) >= 4 and instr(bitsweep, '(' || ?1) > 0", {name}},
            "select distinct bitsweep from software order by 1"));
  if (kind == "machine")
    return among("results.machine",
                 found_ids(sqlite, side, {"select id from machines where class = ?1", {name}},
                           "select distinct class || ' (' || cpu || ')' from machines"));
  if (kind == "library") return among("results.software", found_software(sqlite, side, name));
  return among("results.session", nlohmann::json(selected_sessions(sqlite, side)).dump());
}

/// run id → the row of its latest result.
std::map<std::string, int64_t> latest_results(Sqlite& sqlite, const std::string& side,
                                              const std::vector<std::string>& filters) {
  Select select;
  const std::string condition = side_condition(sqlite, side, select);
  select.text = fmt::format(
      "select run, id from (select results.run, results.id, row_number() over (partition by results.run "
      "order "
      "by sessions.started desc, sessions.id desc) as place from {} where {}{}) where place = 1",
      result_tables(), condition, filter_conditions(filters, known_columns(sqlite), select));
  std::map<std::string, int64_t> rows;
  for (const auto& row : read_rows(sqlite, select).cells) rows[text(row[0])] = whole(row[1]);
  return rows;
}

/// What is read of results, by their rows.
struct Side {
  std::map<int64_t, Observed> results;
  std::map<int64_t, int64_t> sessions;                     ///< of the results
  std::set<std::string> classes;                           ///< of machines
  std::string description;                                 ///< in words
  std::vector<std::pair<std::string, int64_t>> in_order;   ///< run id, row
  std::map<std::string, std::vector<std::string>> fields;  ///< of the runs
};

std::string listed(const std::set<std::string>& names, const char* what) {
  constexpr size_t most = 4;
  return names.size() <= most ? fmt::format("{}", fmt::join(names, ", "))
                              : fmt::format("{} {}", names.size(), what);
}

Side read_facts(Sqlite& sqlite, const Cell& ids) {
  const std::string fields = fmt::format("runs.{}", fmt::join(field_names(), ", runs."));
  const Rows rows = read_rows(
      sqlite,
      {fmt::format(
           "select results.id, results.run, outcome, reason, results.session, experiment, "
           "sessions.started, class, cpu, bitsweep, (select group_concat(json_extract(value, '$.name') "
           "|| ' ' || json_extract(value, '$.version'), ' and ') from json_each(libraries)), "
           "(select value from evidence where result = results.id and name = 'images'), "
           "(select value from evidence where result = results.id and name = 'data_hash'), {} from {} "
           "where results.id in (select value from json_each(?1)) order by {}",
           fields, result_tables(), comparable_order()),
       {ids}});
  Side side;
  std::set<std::string> sessions, versions, libraries, machines;
  for (const auto& row : rows.cells) {
    Observed& result = side.results[whole(row[0])];
    parse_value(text(row[2]), result.outcome);
    result.reason = text(row[3]);
    result.images = whole_of_text(row[11]);
    result.data_hash = text(row[12]);
    side.in_order.emplace_back(text(row[1]), whole(row[0]));
    side.sessions[whole(row[0])] = whole(row[4]);
    side.classes.insert(text(row[7]));
    std::vector<std::string>& texts = side.fields[text(row[1])];
    for (size_t i = 13; i < row.size(); ++i)
      texts.push_back(std::holds_alternative<int64_t>(row[i]) ? std::to_string(whole(row[i])) : text(row[i]));
    sessions.insert(fmt::format("session {} of {} ({})", whole(row[4]), text(row[5]), text(row[6])));
    versions.insert("bitsweep " + text(row[9]));
    libraries.insert(text(row[10]));
    machines.insert(fmt::format("{} ({})", text(row[8]), text(row[7])));
  }
  side.description = fmt::format("{}; {}; {}; {}", listed(sessions, "sessions"), listed(versions, "versions"),
                                 listed(libraries, "sets of libraries"), listed(machines, "machine classes"));
  return side;
}

void read_metrics(Sqlite& sqlite, const Cell& ids, Side& side) {
  const Rows rows =
      read_rows(sqlite, {"select result, name, value, unit, direction from metrics where result in "
                         "(select value from json_each(?1))",
                         {ids}});
  for (const auto& row : rows.cells) {
    const auto* value = std::get_if<double>(&row[2]);
    if (value == nullptr) continue;
    Metric metric{text(row[1]), *value, text(row[3])};
    parse_value(text(row[4]), metric.direction);
    side.results.at(whole(row[0])).metrics[metric.name] = metric;
  }
}

Side read_side(Sqlite& sqlite, const std::vector<int64_t>& rows) {
  const std::string ids = nlohmann::json(rows).dump();
  Side side = read_facts(sqlite, ids);
  read_metrics(sqlite, ids, side);
  for (auto& [row, answers] : read_answers(sqlite, rows))
    side.results.at(row).right = std::move(answers.right);
  for (auto& [row, medians] : read_round_medians(sqlite, rows))
    side.results.at(row).round_medians_ns = std::move(medians);
  return side;
}

/// session → its gate, from the text of the experiment as last executed.
std::map<int64_t, std::map<std::string, Threshold>> read_gates(Sqlite& sqlite, const Side& side,
                                                               const ReadGate& read_gate) {
  std::set<int64_t> sessions;
  for (const auto& [row, session] : side.sessions) sessions.insert(session);
  std::map<int64_t, std::map<std::string, Threshold>> gates;
  for (const auto& row :
       read_rows(sqlite,
                 {"select session, spec_text, max(id) from executions where session in (select value from "
                  "json_each(?1)) group by session",
                  {nlohmann::json(sessions).dump()}})
           .cells)
    gates[whole(row[0])] = read_gate(text(row[1]));
  return gates;
}

std::vector<std::string> notes_on(const Side& a, const Side& b) {
  std::vector<std::string> notes = {
      "A: " + a.description, "B: " + b.description,
      "A and B were not measured in turn: what changed on the machine meanwhile is part of the difference"};
  if (a.classes != b.classes) notes.emplace_back("A and B ran on unlike machines");
  const auto unknown = [](const auto& result) {
    return result.second.images > 0 && result.second.right.empty();
  };
  if (std::any_of(a.results.begin(), a.results.end(), unknown) ||
      std::any_of(b.results.begin(), b.results.end(), unknown))
    notes.emplace_back(
        "top1 of results that did not keep each image's answer is compared as a share of independent images, "
        "which tells only larger differences");
  return notes;
}

}  // namespace

Sides read_sides(const std::string& database, const std::string& a, const std::string& b,
                 const std::vector<std::string>& filters, const ReadGate& read_gate) {
  return Database(database, Access::read_only).use([&](Sqlite& sqlite) {
    const auto latest_a = latest_results(sqlite, a, filters), latest_b = latest_results(sqlite, b, filters);
    Sides sides;
    std::vector<int64_t> rows_a, rows_b;
    for (const auto& [run, row] : latest_a) {
      const auto other = latest_b.find(run);
      if (other == latest_b.end()) continue;
      rows_a.push_back(row);
      rows_b.push_back(other->second);
    }
    sides.only_a = static_cast<int64_t>(latest_a.size() - rows_a.size());
    sides.only_b = static_cast<int64_t>(latest_b.size() - rows_b.size());
    if (rows_a.empty()) return sides;
    const Side side_a = read_side(sqlite, rows_a), side_b = read_side(sqlite, rows_b);
    const auto gates = read_gates(sqlite, side_b, read_gate);
    for (const auto& [run, row] : side_b.in_order)
      sides.pairs.push_back({run, side_b.fields.at(run), side_a.results.at(latest_a.at(run)),
                             side_b.results.at(row), gates.at(side_b.sessions.at(row))});
    sides.notes = notes_on(side_a, side_b);
    return sides;
  });
}

}  // namespace bitsweep
