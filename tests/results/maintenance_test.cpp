#include "results/maintenance.h"

#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"
#include "tests/results/kept_file.h"

using namespace bitsweep;
using examples::number;

TEST_CASE(
    "maintenance: the latest sessions of each experiment are kept, and what only the others used goes") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  const std::vector<PrunedSession> sessions = to_prune(path, parse_keep("1"));
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].id == 1);
  CHECK(sessions[0].experiment == "resnet-precision");
  CHECK(sessions[0].results == 1);
  CHECK(number(path, "select count(*) from results") == 9);  // nothing went yet
  prune(path, sessions);
  CHECK(number(path, "select count(*) from results") == 8);
  CHECK(number(path, "select count(*) from runs") == 8);
  CHECK(number(path, "select count(*) from executions") == 2);
  CHECK(number(path, "select count(*) from samples where result not in (select id from results)") == 0);
  CHECK(to_prune(path, parse_keep("1")).empty());
  CHECK(integrity(path).empty());
}

TEST_CASE("maintenance: a store that is open meanwhile goes on after sessions were removed") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const int64_t old = store.begin_session(examples::experiment(), 1);
  const Result result = examples::ok(examples::run("mlp", Precision::fp32), 1e6);
  store.add(old, result);
  const int64_t session = store.begin_session(examples::experiment(), 1);
  prune(path, to_prune(path, parse_keep("1")));
  CHECK(number(path, "select count(*) from steps") == 0);
  store.add(session, result);  // its machine, metrics and steps are gone
  CHECK(number(path, "select count(*) from layers") == 2);
  CHECK(number(path, "select count(*) from metrics") == 3);
  CHECK(integrity(path).empty());
}

TEST_CASE("maintenance: sessions older than so many days go") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  CHECK(to_prune(path, parse_keep("1d")).empty());
  SQLite::Database(path, SQLite::OPEN_READWRITE)
      .exec("update sessions set started = '2001-01-01T00:00:00Z' where id = 3");
  REQUIRE(to_prune(path, parse_keep("90d")).size() == 1);
  CHECK(to_prune(path, parse_keep("90d"))[0].id == 3);
}

TEST_CASE("maintenance: what is kept is a number of sessions or days") {
  for (const char* text : {"", "0", "-1", "d", "0d", "5w", "1.5", "ten", "99999999999999999999"}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_keep(text), ContainsSubstring("right is a number of sessions"));
  }
}

TEST_CASE("maintenance: vacuum shrinks a file and keeps its results") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  SQLite::Database(path, SQLite::OPEN_READWRITE)
      .exec(
          "create table large (content blob); insert into large values (zeroblob(1000000)); drop table "
          "large");
  const Sizes sizes = vacuum(path);
  CHECK(sizes.before > 1'000'000);
  CHECK(sizes.after < 500'000);
  CHECK(number(path, "select count(*) from results") == 9);
}

TEST_CASE("maintenance: damage is told") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  CHECK(integrity(path).empty());
  {
    SQLite::Database sqlite(path, SQLite::OPEN_READWRITE);
    sqlite.exec(
        "pragma foreign_keys = off; delete from steps where id = 1; delete from runs where model = 'vgg16'");
  }
  const std::vector<std::string> faults = integrity(path);
  REQUIRE(faults.size() == 2);
  CHECK(faults[0] == "1 rows of results belong to no row of runs");
  CHECK_THAT(faults[1], ContainsSubstring("rows of step_times belong to no row of steps"));
}
