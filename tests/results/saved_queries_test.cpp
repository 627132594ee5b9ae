#include "results/saved_queries.h"

#include "harness/error.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

struct Empty {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  Empty() { Store(path, Access::read_write); }
};

Question everything() {
  Question question;
  question.query = {{"model=mlp"}, {"count"}, {"precision"}, {"batch=1"}, "count:desc", 7,
                    "all",         "30d",     "2026-11-25"};
  question.format = "csv";
  return question;
}

}  // namespace

TEST_CASE_METHOD(Empty, "saved queries: all that was asked for comes back") {
  save_query(path, "weekly", everything());
  const Question found = saved_query(path, "weekly");
  const Query wanted = everything().query;
  CHECK(found.query.filters == wanted.filters);
  CHECK(found.query.columns == wanted.columns);
  CHECK(found.query.group_by == wanted.group_by);
  CHECK(found.query.relative_to == wanted.relative_to);
  CHECK(found.query.order == wanted.order);
  CHECK(found.query.limit == wanted.limit);
  CHECK(found.query.session == wanted.session);
  CHECK(found.query.since == wanted.since);
  CHECK(found.query.until == wanted.until);
  CHECK(found.format == "csv");
  CHECK(found.sql.empty());
}

TEST_CASE_METHOD(Empty, "saved queries: they are listed and deleted; a name is not taken twice") {
  Question sql;
  sql.sql = "select 1";
  save_query(path, "b", sql);
  save_query(path, "a", everything());
  CHECK_THROWS_WITH(save_query(path, "b", everything()), ContainsSubstring("--delete b first"));
  const Rows rows = list_queries(path);
  REQUIRE(rows.cells.size() == 2);
  CHECK(rows.cells[0][0] == Cell("a"));
  CHECK(rows.cells[1][1] == Cell(R"({"sql":"select 1"})"));
  delete_query(path, "b");
  CHECK(list_queries(path).cells.size() == 1);
  CHECK_THROWS_WITH(saved_query(path, "b"),
                    ContainsSubstring("unknown saved query 'b'") && ContainsSubstring("known: a"));
  CHECK_THROWS_WITH(delete_query(path, "b"), ContainsSubstring("unknown saved query 'b'"));
  delete_query(path, "a");
  CHECK_THROWS_WITH(saved_query(path, "a"), ContainsSubstring("no query is saved as 'a'"));
}

TEST_CASE_METHOD(Empty, "saved queries: a name that the shell or a reader would stumble over is refused") {
  for (const char* name : {"", "two words", "@a", "a/b", "a;b"}) {
    INFO(name);
    CHECK_THROWS_WITH(save_query(path, name, everything()), ContainsSubstring("cannot name a query"));
  }
}

TEST_CASE("saved queries: what is typed behind the name is added or takes the place of what was saved") {
  Question typed;
  typed.query.filters = {"precision=int8"};
  typed.query.since = "7d";
  typed.format = "json";
  const Question both = completed(everything(), typed);
  CHECK(both.query.filters == std::vector<std::string>{"model=mlp", "precision=int8"});
  CHECK(both.query.since == "7d");
  CHECK(both.query.until == "2026-11-25");
  CHECK(both.format == "json");

  Question sql;
  sql.sql = "select 1";
  Question only_format;
  only_format.format = "csv";
  CHECK(completed(sql, only_format).format == "csv");
  CHECK_THROWS_WITH(completed(sql, typed), ContainsSubstring("right is to add nothing to it but --format"));
}
