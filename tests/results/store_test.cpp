#include "results/store.h"

#include <limits>

#include "results/database.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;
using examples::run;

namespace {

int64_t count(const std::string& path, const std::string& table) {
  return Database(path, Access::read_only).use([&](SQLite::Database& sqlite) {
    return sqlite.execAndGet("select count(*) from " + table).getInt64();
  });
}

std::string text(const std::string& path, const std::string& statement) {
  return Database(path, Access::read_only).use([&](SQLite::Database& sqlite) {
    return sqlite.execAndGet(statement).getString();
  });
}

}  // namespace

TEST_CASE("store: a session is begun, found as the latest of its experiment, and goes on") {
  const examples::TemporaryFolder folder;
  Store store(folder.file("a.sqlite"), Access::read_write);
  CHECK(store.latest_session("resnet-precision").id == 0);
  const int64_t first = store.begin_session(examples::experiment(), 3);
  const int64_t second = store.begin_session(examples::experiment(), 4);
  store.begin_session(examples::experiment("another"), 5);
  CHECK(first != second);
  CHECK(store.latest_session("resnet-precision").id == second);
  CHECK(store.latest_session("resnet-precision").planned == 4);

  Experiment changed = examples::experiment();
  changed.text += "# changed\n";
  store.continue_session(second, changed, 6);
  const SessionRow row = store.latest_session("resnet-precision");
  CHECK(row.id == second);
  CHECK(row.spec_text == changed.text);
  CHECK(row.planned == 6);
  CHECK(row.started.size() == std::string("2026-03-01T04:00:00Z").size());
}

TEST_CASE("store: everything a result holds is stored") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const Result result = examples::ok(run("mlp", Precision::int8, 16), 1e6);
  store.add(store.begin_session(examples::experiment(), 1), result);
  CHECK(text(path, "select model || precision || batch || threads from overview") == "mlpint816physical");
  CHECK(text(path, "select canonical from runs") == canonical_text(result.run));
  CHECK(text(path, "select latency_p50 from overview") == "1000000.0");
  CHECK(text(path, "select group_concat(ns, ',') from samples where position < 2") ==
        std::to_string(result.samples_ns[0]) + "," + std::to_string(result.samples_ns[1]));
  CHECK(text(path, "select implementation from layers where position = 1") == "brgemm:avx512_core_amx");
  CHECK(text(path, "select note from notes") == result.notes[0]);
  CHECK(text(path, "select value from evidence where name = 'stopped_by'") == "precise");
  CHECK(text(path, "select class || cpu from machines") ==
        machine_class(result.machine) + result.machine.cpu);
  CHECK(text(path, "select libraries from software") == R"([{"name":"oneDNN","version":"2.6.3"}])");
  CHECK(count(path, "series") == static_cast<int64_t>(result.metrics.size()));
}

TEST_CASE("store: a repeated run replaces its earlier result and all that belongs to it") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(), 1);
  store.add(session, examples::ok(run("mlp", Precision::fp32), 1e6));
  store.add(session,
            examples::not_ok(run("mlp", Precision::fp32), Outcome::timeout, "took longer than 10 min"));
  CHECK(text(path, "select outcome from results") == "timeout");
  for (const char* table : {"metrics", "sample_lists", "layers", "notes", "evidence"}) {
    INFO(table);
    CHECK(count(path, table) == 0);
  }
  CHECK(count(path, "runs") == 1);
  CHECK(count(path, "machines") == 1);
  CHECK(count(path, "software") == 1);
}

TEST_CASE("store: the same run in another session is another result of the same series") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  for (int i = 0; i < 2; ++i)
    store.add(store.begin_session(examples::experiment(), 1), examples::ok(run("mlp", Precision::fp32), 1e6));
  CHECK(count(path, "results") == 2);
  CHECK(count(path, "metrics where name = 'latency_p50'") == 2);
  CHECK(count(path, "series where metric = 'latency_p50'") == 1);
}

TEST_CASE("store: only runs that ended ok are finished") {
  const examples::TemporaryFolder folder;
  Store store(folder.file("a.sqlite"), Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(), 3);
  store.add(session, examples::ok(run("mlp", Precision::fp32), 1e6));
  store.add(session, examples::not_ok(run("mlp", Precision::fp16), Outcome::unsupported, "no fp16 here"));
  store.add(session, examples::not_ok(run("mlp", Precision::int8), Outcome::failed, "signal 11"));
  CHECK(store.finished(session) == std::set<std::string>{run_id(run("mlp", Precision::fp32))});
  CHECK(store.finished(session + 1).empty());
}

TEST_CASE("store: a metric that is not a number is stored as null, infinity as such") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  Result result = examples::ok(run("mlp", Precision::fp32), 1e6);
  result = examples::with(result, "cosine", std::numeric_limits<double>::quiet_NaN(), "",
                          Direction::higher_is_better);
  result = examples::with(result, "max_error", std::numeric_limits<double>::infinity(), "",
                          Direction::lower_is_better);
  store.add(store.begin_session(examples::experiment(), 1), result);
  CHECK(count(path, "metrics where name = 'cosine' and value is null") == 1);
  CHECK(count(path, "metrics where name = 'max_error' and value > 1e308") == 1);
}
