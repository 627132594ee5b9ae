#include "results/merge.h"

#include "results/acceptance.h"
#include "results/database.h"
#include "results/maintenance.h"
#include "results/result_reader.h"
#include "results/saved_queries.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"
#include "tests/results/kept_file.h"

using namespace bitsweep;
using examples::number;
using examples::run;

namespace {

const Run mlp = run("mlp", Precision::fp32);

/// A database with one session of one result.
void fill_one(const std::string& path, const Result& result) {
  Store store(path, Access::read_write);
  store.add(store.begin_session(examples::experiment(), 1), result);
}

}  // namespace

TEST_CASE("merge: all sessions and results are taken, and doing so again changes nothing") {
  const examples::TemporaryFolder folder;
  const std::string from = folder.file("from.sqlite"), into = folder.file("into.sqlite");
  examples::fill(from);
  const Merged first = merge(into, from);
  CHECK(first.sessions_taken == 3);
  CHECK(first.results_taken == 9);
  for (const char* table : {"sessions", "executions", "runs", "results", "metrics", "samples", "layers",
                            "notes", "evidence", "explanations", "machines", "software"}) {
    INFO(table);
    const std::string count = std::string("select count(*) from ") + table;
    CHECK(number(into, count) == number(from, count));
  }
  const std::string before = examples::text(into, "select group_concat(id || run || started) from results");
  const Merged again = merge(into, from);
  CHECK(again.sessions_taken + again.results_taken + again.results_replaced == 0);
  CHECK(again.results_known == 9);
  CHECK(number(into, "select count(*) from executions") == 3);
  CHECK(examples::text(into, "select group_concat(id || run || started) from results") == before);
  CHECK(integrity(into).empty());
}

TEST_CASE("merge: files of several jobs become one, and sessions of one name stay apart") {
  const examples::TemporaryFolder folder;
  const std::string into = folder.file("into.sqlite");
  for (const char* name : {"a.sqlite", "b.sqlite"}) {
    fill_one(folder.file(name), examples::ok(mlp, 1e6));
    merge(into, folder.file(name));
  }
  CHECK(number(into, "select count(*) from sessions") == 2);
  CHECK(number(into, "select count(*) from results") == 2);
}

TEST_CASE("merge: of two results of a run, one that ended ok is kept, and nothing that ended ok is lost") {
  const examples::TemporaryFolder folder;
  const std::string a = folder.file("a.sqlite"), b = folder.file("b.sqlite");
  fill_one(a, examples::not_ok(mlp, Outcome::lost, "the worker was lost"));
  merge(b, a);
  {
    Store resumed(b, Access::read_write);
    resumed.add(resumed.latest_session("resnet-precision").id, examples::ok(mlp, 2e6));
  }
  CHECK(merge(b, a).results_known == 1);
  CHECK(examples::text(b, "select outcome from results") == "ok");
  CHECK(merge(a, b).results_replaced == 1);
  CHECK(examples::text(a, "select outcome from results") == "ok");
  CHECK(number(a, "select count(*) from sessions") == 1);
}

TEST_CASE("merge: the latest session is the one that began last, in whatever order files were merged") {
  const examples::TemporaryFolder folder;
  const std::string late = folder.file("late.sqlite"), early = folder.file("early.sqlite");
  fill_one(late, examples::ok(mlp, 1e6));
  fill_one(early, examples::ok(mlp, 2e6));
  SQLite::Database(early, SQLite::OPEN_READWRITE)
      .exec("update sessions set started = '2001-01-01T00:00:00Z'");
  merge(late, early);
  CHECK(Store(late, Access::read_write).latest_session("resnet-precision").id == 1);
}

TEST_CASE("merge: answers, and what a session confirms, are taken") {
  const examples::TemporaryFolder folder;
  const std::string from = folder.file("from.sqlite"), into = folder.file("into.sqlite");
  Result result = examples::ok(mlp, 1e6);
  for (int i = 0; i < 13; ++i) result.right.push_back(i % 3 == 0);
  {
    Store store(from, Access::read_write);
    const int64_t session = store.begin_session(examples::experiment(), 1);
    store.add(session, result);
    store.add(store.begin_session(examples::experiment("confirm:resnet-precision"), 1, session), result);
  }
  fill_one(into, examples::ok(mlp, 1e6));  // so that ids differ
  merge(into, from);
  CHECK(number(into, "select count(*) from answers") == 2);
  CHECK(Database(into, Access::read_only).use([](SQLite::Database& sqlite) {
    return read_result(sqlite, 2).right;
  }) == result.right);
  CHECK(number(into,
               "select own.id from sessions as own join sessions as confirming on own.identity = "
               "confirming.confirms") == 2);
}

TEST_CASE(
    "merge: accepted changes and saved queries are taken once, and a name that is taken stays what it is") {
  const examples::TemporaryFolder folder;
  const std::string from = folder.file("from.sqlite"), into = folder.file("into.sqlite");
  fill_one(into, examples::ok(mlp, 1e6));
  fill_one(from, examples::ok(mlp, 2e6));
  accept_change(from, {run_id(mlp), "latency_p50", 1, "eve", "larger tiles", "2030-01-01T23:59:59Z"});
  Question fast, slow;
  fast.query.filters = {"latency_p50<1ms"};
  slow.query.filters = {"latency_p50>1ms"};
  save_query(from, "quick", fast);
  save_query(from, "mine", fast);
  save_query(into, "mine", slow);
  const Merged first = merge(into, from);
  CHECK(first.acceptances_taken == 1);
  CHECK(first.queries_taken == 1);
  CHECK(first.queries_left == std::vector<std::string>{"mine"});
  CHECK(number(into, "select session from accepted") == 2);
  CHECK(examples::text(into, "select who || why || until from accepted") ==
        "evelarger tiles2030-01-01T23:59:59Z");
  CHECK(saved_query(into, "mine").query.filters == slow.query.filters);
  CHECK(saved_query(into, "quick").query.filters == fast.query.filters);
  const Merged again = merge(into, from);
  CHECK(again.acceptances_taken + again.queries_taken == 0);
  CHECK(number(into, "select count(*) from accepted") == 1);
  CHECK(integrity(into).empty());
}

TEST_CASE("merge: a file of an older version is merged") {
  const examples::TemporaryFolder folder;
  const std::string into = folder.file("into.sqlite");
  CHECK(merge(into, examples::kept_file(folder, 1)).results_taken == 9);
  CHECK(merge(into, examples::kept_file(folder, 1)).results_taken == 0);
}

TEST_CASE("merge: a file into itself and a missing file are refused, and no file is made") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  fill_one(path, examples::ok(mlp, 1e6));
  CHECK_THROWS_WITH(merge(path, path), ContainsSubstring("this is the file to merge into"));
  CHECK_THROWS_WITH(merge(folder.file("b.sqlite"), folder.file("c.sqlite")), ContainsSubstring("c.sqlite"));
  CHECK(!std::filesystem::exists(folder.file("b.sqlite")));
}
