#include "results/read_only_sql.h"

#include <filesystem>

#include "harness/error.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

struct Filled {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  Filled() { examples::fill(path); }

  std::string refusal(const std::string& statement) const {
    try {
      read_only_sql(path, statement);
    } catch (const Error& error) {
      CHECK(error.code() == ExitCode::usage);
      return error.what();
    }
    return "";
  }
};

}  // namespace

TEST_CASE_METHOD(Filled, "sql: a SELECT over tables and views is answered") {
  const Rows rows =
      read_only_sql(path, "select model, latency_p50 as ns from overview where model = 'vgg16'; -- ok");
  REQUIRE(rows.cells.size() == 1);
  CHECK(rows.headings[1].name == "ns");
  CHECK(rows.cells[0] == std::vector<Cell>{"vgg16", 25e6});
  CHECK(read_only_sql(path, "select * from samples where result = 1").cells.size() == 40);
  CHECK(read_only_sql(path, "select name, sql from sqlite_schema").cells.size() > 10);
  CHECK(read_only_sql(path,
                      "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) "
                      "select max(i), avg(i) from n")
            .cells[0][0] == Cell(int64_t{5}));
  CHECK(read_only_sql(path, "explain query plan select * from overview").cells.size() > 1);
}

TEST_CASE_METHOD(Filled, "sql: whatever would write is refused and changes nothing") {
  const std::string other = folder.file("other.sqlite");
  for (const std::string& statement : {
           std::string("insert into sessions (experiment) values ('x')"),
           std::string("update runs set model = 'x'"),
           std::string("delete from results"),
           std::string("delete from results returning id"),
           std::string("with x as (select 1) insert into notes select 1, 2, 'x' from x"),
           std::string("drop table runs"),
           std::string("create table x (y)"),
           std::string("create temp table x (y)"),
           std::string("alter table runs add column x"),
           "attach '" + other + "' as other",
           std::string("detach main"),
           "vacuum into '" + other + "'",
           std::string("vacuum"),
           std::string("reindex"),
           std::string("analyze"),
           std::string("begin immediate"),
           std::string("commit"),
           std::string("savepoint x"),
           std::string("pragma user_version = 9"),
           std::string("pragma journal_mode = delete"),
           std::string("pragma writable_schema = on"),
       }) {
    INFO(statement);
    CHECK_THAT(refusal(statement), ContainsSubstring("--sql: this may only read; right is one SELECT"));
  }
  CHECK_THAT(refusal("select load_extension('/tmp/x.so')"),
             ContainsSubstring("not authorized to use function: load_extension"));
  CHECK(!std::filesystem::exists(other));
  CHECK(read_only_sql(path, "select count(*) from results").cells[0][0] == Cell(int64_t{9}));
}

TEST_CASE_METHOD(Filled, "sql: exactly one statement") {
  CHECK_THAT(refusal("select 1; select 2"), ContainsSubstring("more than one statement"));
  CHECK_THAT(refusal("select 1; delete from results"), ContainsSubstring("this may only read"));
  CHECK_THAT(refusal(" -- nothing"), ContainsSubstring("there is no statement"));
  CHECK_THAT(refusal(""), ContainsSubstring("there is no statement"));
}

TEST_CASE_METHOD(Filled, "sql: a wrong statement is told with SQLite's words") {
  CHECK_THAT(refusal("select modl from runs"), ContainsSubstring("--sql: no such column: modl"));
  CHECK_THAT(refusal("selct 1"), ContainsSubstring("syntax error"));
  CHECK_THAT(refusal("select json_extract('{', '$')"), ContainsSubstring("malformed JSON"));
}

TEST_CASE("sql: a missing database is a database error") {
  try {
    read_only_sql("/nonexistent/a.sqlite", "select 1");
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::database);
  }
}
