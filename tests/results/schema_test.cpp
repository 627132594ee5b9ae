#include "results/schema.h"

#include <algorithm>

#include "harness/run.h"
#include "results/database.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

std::vector<std::string> columns(const Database& database, const std::string& table) {
  return database.use([&](SQLite::Database& sqlite) {
    SQLite::Statement statement(sqlite, "select name from pragma_table_info(?)");
    statement.bind(1, table);
    std::vector<std::string> names;
    while (statement.executeStep()) names.push_back(statement.getColumn(0).getString());
    return names;
  });
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void set_version(const std::string& path, int version) {
  SQLite::Database sqlite(path, SQLite::OPEN_READWRITE);
  sqlite.exec("pragma user_version = " + std::to_string(version));
}

}  // namespace

TEST_CASE("schema: every field of a run has a column; a new field needs a migration") {
  const examples::TemporaryFolder folder;
  const Database database(folder.file("new.sqlite"), Access::read_write);
  for (const std::string& field : field_names()) {
    INFO(field);
    CHECK(contains(columns(database, "runs"), field));
    CHECK(contains(columns(database, "overview"), field));
  }
}

TEST_CASE("schema: a new file gets the latest version and keeps its content when opened again") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("new.sqlite");
  const int64_t session = Store(path, Access::read_write).begin_session(examples::experiment(), 3);
  const Store again(path, Access::read_write);
  CHECK(again.latest_session("resnet-precision").id == session);
  CHECK(Database(path, Access::read_only).use(schema_version) == latest_schema_version());
}

TEST_CASE("schema: a file of each older version is brought forward, by a reader too") {
  for (int version = 0; version <= latest_schema_version(); ++version)
    for (const Access access : {Access::read_only, Access::read_write}) {
      INFO("version " << version);
      const examples::TemporaryFolder folder;
      const std::string path = folder.file("old.sqlite");
      {
        SQLite::Database old(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(old, path, version);
        CHECK(schema_version(old) == version);
      }
      CHECK(Database(path, access).use(schema_version) == latest_schema_version());
      Store store(path, Access::read_write);
      store.add(store.begin_session(examples::experiment(), 1),
                examples::ok(examples::run("mlp", Precision::fp32), 1e6));
    }
}

TEST_CASE("schema: a newer file is refused and left alone") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("newer.sqlite");
  Store(path, Access::read_write);
  set_version(path, latest_schema_version() + 1);
  for (const Access access : {Access::read_only, Access::read_write})
    CHECK_THROWS_WITH(Store(path, access),
                      ContainsSubstring(path) && ContainsSubstring("use the newer bitsweep that wrote it"));
}

TEST_CASE("schema: a database of another program is refused and left alone") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("other.sqlite");
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("create table recipes (name text)");
  CHECK_THROWS_WITH(Store(path, Access::read_write), ContainsSubstring("belongs to another program"));
  SQLite::Database other(path, SQLite::OPEN_READONLY);
  CHECK(other.execAndGet("select count(*) from sqlite_schema").getInt() == 1);
  CHECK(other.execAndGet("pragma journal_mode").getString() == "delete");
}
