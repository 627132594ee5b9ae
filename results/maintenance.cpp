#include "results/maintenance.h"

#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "results/database.h"
#include "results/select.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;
using Sqlite = SQLite::Database;

/// What is referred to without a constraint of the schema.
struct Reference {
  const char* table;
  const char* column;
  const char* to;
};
constexpr Reference unchecked_references[] = {{"metric_values", "metric", "metric_names"},
                                              {"step_times", "step", "steps"}};

/// Rows that results share, and what refers to them.
struct Shared {
  const char* table;
  const char* users;
};
constexpr Shared shared_rows[] = {{"runs", "select run from results"},
                                  {"machines", "select machine from results"},
                                  {"software", "select software from results"},
                                  {"metric_names", "select metric from metric_values"},
                                  {"steps", "select step from step_times"}};

uint64_t size_on_disk(const std::string& path) {
  uint64_t size = 0;
  for (const char* ending : {"", "-wal"}) {
    std::error_code missing;
    const uintmax_t bytes = fs::file_size(path + ending, missing);
    if (!missing) size += bytes;
  }
  return size;
}

}  // namespace

std::vector<std::string> integrity(const std::string& database) {
  return Database(database, Access::read_only).use([](Sqlite& sqlite) {
    std::vector<std::string> faults;
    SQLite::Statement pages(sqlite, "pragma integrity_check");
    while (pages.executeStep())
      if (const std::string told = pages.getColumn(0).getString(); told != "ok") faults.push_back(told);
    SQLite::Statement keys(sqlite,
                           "select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2");
    while (keys.executeStep())
      faults.push_back(fmt::format("{} rows of {} belong to no row of {}", keys.getColumn(2).getInt64(),
                                   keys.getColumn(0).getString(), keys.getColumn(1).getString()));
    for (const Reference& one : unchecked_references) {
      const int64_t lost =
          sqlite
              .execAndGet(fmt::format("select count(*) from {} where {} not in (select id from {})",
                                      one.table, one.column, one.to))
              .getInt64();
      if (lost > 0)
        faults.push_back(fmt::format("{} rows of {} belong to no row of {}", lost, one.table, one.to));
    }
    return faults;
  });
}

Sizes vacuum(const std::string& database) {
  if (!fs::exists(database)) Database(database, Access::read_only);  // tells that there is none
  const Database opened(database, Access::read_write);
  Sizes sizes{size_on_disk(database), 0};
  opened.use([](Sqlite& sqlite) {
    sqlite.exec("vacuum");
    SQLite::Statement(sqlite, "pragma wal_checkpoint(truncate)").executeStep();
  });
  sizes.after = size_on_disk(database);
  return sizes;
}

Keep parse_keep(const std::string& text) {
  int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  const std::string unit(end, last);
  if (error != std::errc() || number < 1 || number > 1'000'000 || (!unit.empty() && unit != "d"))
    throw Error(fmt::format(
        "--keep {}: right is a number of sessions of each experiment, e.g. 30, or of days, e.g. 90d", text));
  return unit.empty() ? Keep{number, 0} : Keep{0, number};
}

std::vector<PrunedSession> to_prune(const std::string& database, const Keep& keep) {
  return Database(database, Access::read_only).use([&](Sqlite& sqlite) {
    SQLite::Statement found(
        sqlite,
        "select id, experiment, started, (select count(*) from results where session = ranked.id) from "
        "(select *, row_number() over (partition by experiment order by started desc, id desc) as place "
        "from sessions) as ranked "
        "where (?1 > 0 and place > ?1) or (?2 > 0 and julianday(started) < julianday('now') - ?2) order by "
        "started, id");
    found.bind(1, keep.count);
    found.bind(2, keep.days);
    std::vector<PrunedSession> sessions;
    while (found.executeStep())
      sessions.push_back({found.getColumn(0).getInt64(), found.getColumn(1).getString(),
                          found.getColumn(2).getString(), found.getColumn(3).getInt64()});
    return sessions;
  });
}

void prune(const std::string& database, const std::vector<PrunedSession>& sessions) {
  Database(database, Access::read_write).use([&](Sqlite& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement removal(sqlite, "delete from sessions where id = ?");
    for (const PrunedSession& session : sessions) {
      removal.reset();
      removal.bind(1, session.id);
      removal.exec();
    }
    for (const Shared& one : shared_rows)
      sqlite.exec(fmt::format("delete from {} where id not in ({})", one.table, one.users));
    transaction.commit();
  });
}

}  // namespace bitsweep
