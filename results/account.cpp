#include "results/account.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"
#include "harness/roofline.h"
#include "results/database.h"
#include "results/find_run.h"
#include "results/quantity.h"
#include "results/render.h"
#include "results/select.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

int64_t find_result(SQLite::Database& sqlite, const std::string& beginning, const std::string& session) {
  const std::string run = find_run(sqlite, beginning);
  const bool any = session == "latest" || session == "all";
  const int64_t only = any ? 0 : selected_sessions(sqlite, session).front();
  SQLite::Statement found(sqlite,
                          "select results.id from results join sessions on sessions.id = session "
                          "where run = ?1 and (?2 = 0 or session = ?2) "
                          "order by sessions.started desc, session desc limit 1");
  found.bind(1, run);
  found.bind(2, only);
  if (!found.executeStep())
    throw Error(fmt::format(
        "run {} has no result in session {}; right is a session that has one, or --session latest", run,
        session));
  return found.getColumn(0).getInt64();
}

/// Rows that belong to a result, which is ?1 in the statement.
Rows rows_of(SQLite::Database& sqlite, const std::string& statement, int64_t result) {
  return read_rows(sqlite, {statement, {result}});
}

/// The first column.
std::vector<std::string> texts(SQLite::Database& sqlite, const char* statement, int64_t result) {
  std::vector<std::string> list;
  for (const std::vector<Cell>& row : rows_of(sqlite, statement, result).cells)
    list.push_back(std::get<std::string>(row.front()));
  return list;
}

Rows read_metrics(SQLite::Database& sqlite, int64_t result) {
  Rows rows{{{"metric", ""}, {"value", ""}}, {}};
  for (const std::vector<Cell>& row :
       rows_of(sqlite, "select name, value, unit from metrics where result = ?1 order by name", result)
           .cells) {
    const auto* value = std::get_if<double>(&row[1]);
    rows.cells.push_back({row[0], value != nullptr ? readable(*value, std::get<std::string>(row[2]))
                                                   : std::string("not a number")});
  }
  return rows;
}

/// `share`: of the time of all layers; `of ceiling`: the least time that the machine allows over the time it
/// took; `bound by`: what makes that time, for layers near_a_roof.
Rows read_layers(SQLite::Database& sqlite, int64_t result) {
  Rows rows = rows_of(
      sqlite,
      fmt::format(
          "select name, kind, implementation, data_types, layouts, 1.0 * macs, 1.0 * bytes, time_ns, "
          "100 * time_ns / sum(time_ns) over (), case when bound_ns > 0 then 100 * bound_ns / time_ns end, "
          "case when bound_ns <= 0 then null when bound_ns < {} * time_ns then 'neither' "
          "when memory_bound then 'memory' else 'arithmetic' end "
          "from layers where result = ?1 order by time_ns desc",
          near_a_roof),
      result);
  rows.headings = {{"layer", ""},   {"kind", ""},        {"implementation", ""}, {"data types", ""},
                   {"layouts", ""}, {"MACs", ""},        {"bytes", "bytes"},     {"time", "ns"},
                   {"share", "%"},  {"of ceiling", "%"}, {"bound by", ""}};
  return rows;
}

std::string section(const char* heading, const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += fmt::format("- {}\n", sentence);
  return sentences.empty() ? text : fmt::format("\n{}\n{}", heading, text);
}

std::string section(const Rows& rows) {
  return rows.cells.empty() ? std::string() : "\n" + formats().front().render(rows);
}

}  // namespace

Account read_account(const std::string& database, const std::string& run, const std::string& session) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    const int64_t result = find_result(sqlite, run, session);
    SQLite::Statement found(
        sqlite,
        "select session, experiment, canonical, outcome, reason, results.started, host, cpu, "
        "bitsweep, (select group_concat(json_extract(value, '$.name') || ' ' || json_extract(value, "
        "'$.version'), ', ') from json_each(libraries)) from results join sessions on sessions.id = session "
        "join runs on "
        "runs.id = run join machines on machines.id = machine join software on software.id = "
        "software where results.id = ?");
    found.bind(1, result);
    found.executeStep();
    const auto text = [&](int column) { return found.getColumn(column).getString(); };
    return Account{
        found.getColumn(0).getInt64(),
        text(1),
        text(2),
        text(3),
        text(4),
        text(5),
        fmt::format("{}, {}", text(6), text(7)),
        text(9).empty() ? "bitsweep " + text(8) : fmt::format("bitsweep {}, {}", text(8), text(9)),
        read_metrics(sqlite, result),
        texts(sqlite, "select sentence from explanations where result = ?1 order by position", result),
        texts(sqlite, "select note from notes where result = ?1 order by position", result),
        read_layers(sqlite, result),
        rows_of(sqlite, "select name as evidence, value from evidence where result = ?1 order by name",
                result)};
  });
}

std::string to_text(const Account& account, size_t most_layers) {
  std::string text =
      fmt::format("{}\n{} in session {} of {}, {}\n{}\n{}\n", account.run, account.outcome, account.session,
                  account.experiment, account.started, account.machine, account.software);
  if (!account.reason.empty()) text += fmt::format("\n{}\n", account.reason);
  text += section("Why it is as fast as it is", account.explanation);
  text += section("Notes", account.notes);
  text += section(account.metrics);
  Rows layers = account.layers;
  const size_t all = layers.cells.size();
  if (most_layers > 0 && all > most_layers) layers.cells.resize(most_layers);
  text += section(layers);
  if (layers.cells.size() < all)
    text += fmt::format("the longest {} of {} layers; --layers 0 shows all\n", layers.cells.size(), all);
  return text + section(account.evidence);
}

}  // namespace bitsweep
