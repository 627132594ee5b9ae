#include "results/store.h"

#include <SQLiteCpp/VariadicBind.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <xxhash.h>

#include "results/database.h"
#include "results/result_writer.h"

namespace bitsweep {
namespace {

using Sqlite = SQLite::Database;

/// Binds the values to ?1, ?2, ... and carries the statement out.
template <class... Values>
void execute(Sqlite& sqlite, const std::string& statement, const Values&... values) {
  SQLite::Statement prepared(sqlite, statement);
  SQLite::bind(prepared, values...);
  prepared.exec();
}

std::string user_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? std::to_string(geteuid()) : entry->pw_name;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void add_execution(Sqlite& sqlite, int64_t session, const Experiment& experiment, int64_t planned_runs) {
  const std::string hash =
      fmt::format("{:016x}", XXH3_64bits(experiment.text.data(), experiment.text.size()));
  execute(sqlite,
          "insert into executions (session, user, host, bitsweep, spec_path, spec_text, spec_hash, planned) "
          "values (?, ?, ?, ?, ?, ?, ?, ?)",
          session, user_name(), host_name(), this_software().bitsweep, experiment.path, experiment.text, hash,
          planned_runs);
}

}  // namespace

Store::Store(const std::string& path, Access access)
    : database_(std::make_unique<Database>(path, access)),
      writer_(database_->use([](Sqlite& sqlite) { return std::make_unique<ResultWriter>(sqlite); })) {}
Store::~Store() = default;

SessionRow Store::latest_session(const std::string& experiment) const {
  return database_->use([&](Sqlite& sqlite) -> SessionRow {
    SQLite::Statement found(
        sqlite,
        "select sessions.id, sessions.started, executions.spec_text, executions.planned "
        "from sessions join executions on executions.session = sessions.id "
        "where experiment = ? order by sessions.started desc, sessions.id desc, executions.id desc limit 1");
    found.bind(1, experiment);
    if (!found.executeStep()) return {};
    return {found.getColumn(0).getInt64(), experiment, found.getColumn(2).getString(),
            found.getColumn(1).getString(), found.getColumn(3).getInt64()};
  });
}

std::vector<std::string> Store::experiments() const {
  return database_->use([&](Sqlite& sqlite) {
    SQLite::Statement found(
        sqlite,
        "select experiment from sessions where confirms = '' group by experiment order by max(started) desc, "
        "max(id) desc");
    std::vector<std::string> names;
    while (found.executeStep()) names.push_back(found.getColumn(0).getString());
    return names;
  });
}

int64_t Store::begin_session(const Experiment& experiment, int64_t planned_runs, int64_t confirms) {
  return database_->use([&](Sqlite& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    execute(sqlite,
            "insert into sessions (experiment, identity, confirms) values (?, lower(hex(randomblob(16))), "
            "coalesce((select identity from sessions where id = ?), ''))",
            experiment.name, confirms);
    const int64_t session = sqlite.getLastInsertRowid();
    add_execution(sqlite, session, experiment, planned_runs);
    transaction.commit();
    return session;
  });
}

void Store::continue_session(int64_t session, const Experiment& experiment, int64_t planned_runs) {
  database_->use([&](Sqlite& sqlite) { add_execution(sqlite, session, experiment, planned_runs); });
}

std::set<std::string> Store::finished(int64_t session) const {
  return database_->use([&](Sqlite& sqlite) {
    SQLite::Statement found(sqlite, "select run from results where session = ? and outcome = 'ok'");
    found.bind(1, session);
    std::set<std::string> runs;
    while (found.executeStep()) runs.insert(found.getColumn(0).getString());
    return runs;
  });
}

void Store::add(int64_t session, const Result& result) {
  add(session, std::span(&result, 1));
}

void Store::add(int64_t session, std::span<const Result> results) {
  database_->use([&](Sqlite& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    try {
      writer_->look_again();
      for (const Result& result : results) writer_->add(session, result);
      transaction.commit();
    } catch (...) {
      writer_->forget();  // rows that it remembers may be rolled back
      throw;
    }
  });
}

}  // namespace bitsweep
