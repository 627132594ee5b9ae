#include "results/acceptance.h"

#include <fmt/format.h>

#include "harness/error.h"
#include "results/database.h"
#include "results/find_run.h"

namespace bitsweep {
namespace {

void check_is_there(SQLite::Database& sqlite, const std::string& run, const Acceptance& acceptance) {
  SQLite::Statement found(
      sqlite,
      "select 1 from metrics join results on results.id = result where run = ? and name = ? "
      "and session = ?");
  found.bind(1, run);
  found.bind(2, acceptance.metric);
  found.bind(3, acceptance.session);
  if (!found.executeStep())
    throw Error(
        fmt::format("run {} has no {} in session {}; `bitsweep query --session all --columns id,session,{}` "
                    "shows what there is",
                    run, acceptance.metric, acceptance.session, acceptance.metric));
}

}  // namespace

std::string accept_change(const std::string& database, const Acceptance& acceptance) {
  if (acceptance.why.empty()) throw Error("--why is empty; right is why the change is as it should be");
  return Database(database, Access::read_write).use([&](SQLite::Database& sqlite) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    const std::string run = find_run(sqlite, acceptance.run);
    check_is_there(sqlite, run, acceptance);
    SQLite::Statement insertion(
        sqlite, "insert into accepted (run, metric, session, who, why, until) values (?, ?, ?, ?, ?, ?)");
    insertion.bind(1, run);
    insertion.bind(2, acceptance.metric);
    insertion.bind(3, acceptance.session);
    insertion.bind(4, acceptance.who);
    insertion.bind(5, acceptance.why);
    if (acceptance.until) insertion.bind(6, *acceptance.until);
    insertion.exec();
    transaction.commit();
    return run;
  });
}

}  // namespace bitsweep
