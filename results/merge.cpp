#include "results/merge.h"

#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "results/database.h"
#include "results/result_reader.h"
#include "results/result_writer.h"
#include "results/select.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

using Sqlite = SQLite::Database;

/// A result as far as it decides which of two is kept.
struct Rank {
  int64_t row = 0;
  bool ok = false;
  std::string started;
};

std::map<std::string, Rank> ranks(Sqlite& sqlite, int64_t session) {
  SQLite::Statement found(sqlite, "select run, id, outcome = 'ok', started from results where session = ?");
  found.bind(1, session);
  std::map<std::string, Rank> list;
  while (found.executeStep())
    list[found.getColumn(0).getString()] = {found.getColumn(1).getInt64(), found.getColumn(2).getInt() != 0,
                                            found.getColumn(3).getString()};
  return list;
}

bool is_better(const Rank& one, const Rank& other) {
  return one.ok != other.ok ? one.ok : !one.ok && one.started > other.started;
}

std::vector<std::string> columns_but_id(Sqlite& sqlite, const std::string& table) {
  SQLite::Statement found(sqlite,
                          "select name from pragma_table_info(?) where name not in ('id', 'session')");
  found.bind(1, table);
  std::vector<std::string> names;
  while (found.executeStep()) names.push_back(found.getColumn(0).getString());
  return names;
}

/// The session of this identity in the target, made if it is missing.
int64_t session_row(Sqlite& source, Sqlite& target, int64_t session, Merged& merged) {
  SQLite::Statement found(source,
                          "select identity, experiment, started, confirms from sessions where id = ?");
  found.bind(1, session);
  found.executeStep();
  const std::string identity = found.getColumn(0).getString();
  Statements statements(target);
  const int64_t known = statements.number(0, "select id from sessions where identity = ?", identity);
  if (known != 0) return known;
  ++merged.sessions_taken;
  statements.execute("insert into sessions (identity, experiment, started, confirms) values (?, ?, ?, ?)",
                     identity, found.getColumn(1).getString(), found.getColumn(2).getString(),
                     found.getColumn(3).getString());
  return target.getLastInsertRowid();
}

/// The executions that the target lacks; equal in all columns are the same.
void take_executions(Sqlite& source, Sqlite& target, int64_t from, int64_t to) {
  const std::vector<std::string> columns = columns_but_id(target, "executions");
  std::string names, places, same;
  for (size_t i = 0; i < columns.size(); ++i) {
    names += ", " + columns[i];
    places += fmt::format(", ?{}", i + 2);
    same += fmt::format(" and {} = ?{}", columns[i], i + 2);
  }
  SQLite::Statement found(
      source, fmt::format("select session{} from executions where session = ? order by id", names));
  found.bind(1, from);
  SQLite::Statement insertion(target,
                              fmt::format("insert into executions (session{}) select ?1{} where not exists "
                                          "(select 1 from executions where session = ?1{})",
                                          names, places, same));
  while (found.executeStep()) {
    insertion.reset();
    insertion.bind(1, to);
    for (int i = 1; i <= static_cast<int>(columns.size()); ++i) {
      const SQLite::Column cell = found.getColumn(i);
      if (cell.isInteger())
        insertion.bind(i + 1, cell.getInt64());
      else
        insertion.bind(i + 1, cell.getString());
    }
    insertion.exec();
  }
}

void merge_session(Sqlite& source, Sqlite& target, ResultWriter& writer, int64_t session, Merged& merged) {
  SQLite::Transaction transaction(target, SQLite::TransactionBehavior::IMMEDIATE);
  writer.look_again();
  Merged now = merged;
  const int64_t to = session_row(source, target, session, now);
  take_executions(source, target, session, to);
  const std::map<std::string, Rank> known = ranks(target, to);
  for (const auto& [run, rank] : ranks(source, session)) {
    const auto there = known.find(run);
    if (there != known.end() && !is_better(rank, there->second)) {
      ++now.results_known;
      continue;
    }
    writer.add(to, read_result(source, rank.row));
    ++(there == known.end() ? now.results_taken : now.results_replaced);
  }
  transaction.commit();
  merged = now;
}

/// Changes that were accepted in the source, and queries that were saved. The sessions are there already.
void merge_words(Sqlite& source, Sqlite& target, Merged& merged) {
  SQLite::Transaction transaction(target, SQLite::TransactionBehavior::IMMEDIATE);
  const auto insert = [&](const char* statement, const std::vector<Cell>& values) {
    SQLite::Statement insertion(target, statement);
    bind_cells(insertion, values);
    return insertion.exec();
  };
  for (const std::vector<Cell>& row :
       read_rows(source, {"select run, metric, identity, who, why, until, at from accepted join sessions on "
                          "sessions.id = session order by accepted.id",
                          {}})
           .cells)
    merged.acceptances_taken += insert(
        "insert into accepted (run, metric, session, who, why, until, at) "
        "select ?1, ?2, id, ?4, ?5, ?6, ?7 from sessions where identity = ?3 "
        "and exists (select 1 from results where run = ?1) and not exists (select 1 from accepted where "
        "run = ?1 and metric = ?2 and session = sessions.id and who = ?4 and why = ?5 and until is ?6 and "
        "at = ?7)",
        row);
  for (const std::vector<Cell>& row :
       read_rows(source, {"select name, query, saved from saved_queries order by name", {}}).cells) {
    const int taken =
        insert("insert or ignore into saved_queries (name, query, saved) values (?1, ?2, ?3)", row);
    merged.queries_taken += taken;
    if (taken == 0 &&
        !read_rows(target, {"select 1 from saved_queries where name = ?1 and query <> ?2", {row[0], row[1]}})
             .cells.empty())
      merged.queries_left.push_back(std::get<std::string>(row[0]));
  }
  transaction.commit();
}

}  // namespace

Merged merge(const std::string& into, const std::string& from) {
  std::error_code ignored;
  if (std::filesystem::equivalent(into, from, ignored))
    throw Error(fmt::format("{}: this is the file to merge into; right is another database", from));
  const Database source(from, Access::read_only);  // first, so that a mistyped name makes no file
  const Database target(into, Access::read_write);
  return source.use([&](Sqlite& source_sqlite) {
    const std::vector<int64_t> sessions = selected_sessions(source_sqlite, "all");
    return target.use([&](Sqlite& target_sqlite) {
      ResultWriter writer(target_sqlite);
      Merged merged;
      for (const int64_t session : sessions)
        merge_session(source_sqlite, target_sqlite, writer, session, merged);
      merge_words(source_sqlite, target_sqlite, merged);
      return merged;
    });
  });
}

}  // namespace bitsweep
