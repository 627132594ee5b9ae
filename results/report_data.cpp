#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/run.h"
#include "results/columns.h"
#include "results/database.h"
#include "results/report.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

using nlohmann::json;

json to_json_value(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> json {
        if constexpr (std::is_same_v<decltype(value), const std::monostate&>)
          return nullptr;
        else
          return value;
      },
      cell);
}

/// The rows of a SELECT as objects; `id` is bound to ?1.
json objects(SQLite::Database& sqlite, const std::string& statement, int64_t id) {
  const Rows rows = read_rows(sqlite, {statement, {id}});
  json list = json::array();
  for (const auto& row : rows.cells) {
    json& object = list.emplace_back(json::object());
    for (size_t i = 0; i < row.size(); ++i) object[rows.headings[i].name] = to_json_value(row[i]);
  }
  return list;
}

/// The samples of a result, in the order taken; of a long list every n-th.
json samples(SQLite::Database& sqlite, int64_t result) {
  constexpr size_t most = 1000;  // a chart has no more dots than that to show
  const json found = objects(sqlite, "select samples_ns from sample_lists where result = ?1", result);
  const json all = found.empty() ? json::array() : json::parse(found[0]["samples_ns"].get<std::string>());
  const size_t every = (all.size() + most - 1) / most;
  json shown = json::array();
  for (size_t i = 0; i < all.size(); i += every) shown.push_back(all[i]);
  return {{"count", all.size()}, {"every", every}, {"ns", shown}};
}

void add_children(SQLite::Database& sqlite, json& result) {
  const int64_t id = result["row"];
  const auto children = [&](const char* statement) { return objects(sqlite, statement, id); };
  result["metrics"] = children("select name, value, unit, direction from metrics where result = ?1");
  result["layers"] = children(
      "select name, kind, implementation, data_types, isa, layouts, time_ns, macs, bytes, bound_ns, "
      "memory_bound from layers "
      "where result = ?1 order by position");
  result["notes"] = children("select note from notes where result = ?1 order by position");
  result["explanation"] = children("select sentence from explanations where result = ?1 order by position");
  result["evidence"] = children("select name, value from evidence where result = ?1");
  result["samples"] = samples(sqlite, id);
}

json results(SQLite::Database& sqlite, int64_t session) {
  std::string fields;
  for (const std::string& field : field_names()) fields += fmt::format("runs.{}, ", field);
  json list =
      objects(sqlite,
              fmt::format("select results.id as row, results.session, sessions.experiment, {} runs.id, "
                          "outcome, reason, results.started, seconds, machine, software, "
                          "(select speedup from speedups where result = results.id) as speedup "
                          "from {} where results.session = ?1 order by {}",
                          fields, result_tables(), comparable_order()),
              session);
  for (json& result : list) add_children(sqlite, result);
  return list;
}

json described_session(SQLite::Database& sqlite, int64_t session) {
  json object = objects(sqlite, "select id, experiment, started from sessions where id = ?1", session).at(0);
  object["executions"] =
      objects(sqlite,
              "select started, user, host, bitsweep, spec_path, spec_hash, spec_text, planned "
              "from executions where session = ?1 order by id",
              session);
  return object;
}

}  // namespace

json report_data(const std::string& database, const std::string& session) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    json data = {{"fields", field_names()}, {"sessions", json::array()}, {"results", json::array()}};
    for (const int64_t id : selected_sessions(sqlite, session)) {
      data["sessions"].push_back(described_session(sqlite, id));
      const json some = results(sqlite, id);
      data["results"].insert(data["results"].end(), some.begin(), some.end());
      for (const char* table : {"machines", "software"})
        for (const json& row :
             objects(sqlite,
                     fmt::format("select * from {0} where id in (select {1} from results "
                                 "where session = ?1)",
                                 table, table == std::string("machines") ? "machine" : table),
                     id))
          data[table][std::to_string(row["id"].get<int64_t>())] = row;
    }
    if (data["sessions"].empty())
      throw Error(fmt::format("{}: there is no session to report; `bitsweep run` makes one", database));
    return data;
  });
}

}  // namespace bitsweep
