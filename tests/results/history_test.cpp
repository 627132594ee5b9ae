#include "results/history.h"

#include "results/database.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

const Run mlp = examples::run("mlp", Precision::int8);

std::vector<History> read(const std::string& path, const std::vector<std::string>& metrics) {
  return Database(path, Access::read_only).use([&](SQLite::Database& sqlite) {
    return read_histories(sqlite, {"true", {}}, metrics, "2030-01-01T00:00:00Z");
  });
}

}  // namespace

TEST_CASE("history: a series has its sessions in order, and experiments and machines apart") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  for (const double latency_ns : {2e6, 3e6})
    store.add(store.begin_session(examples::experiment("nightly"), 1), examples::ok(mlp, latency_ns));
  store.add(store.begin_session(examples::experiment("daily"), 1), examples::ok(mlp, 4e6));
  Result elsewhere = examples::ok(mlp, 5e6);
  elsewhere.machine.cpu = "another";
  store.add(store.begin_session(examples::experiment("nightly"), 1), elsewhere);
  store.add(store.begin_session(examples::experiment("nightly"), 1),
            examples::not_ok(mlp, Outcome::failed, "no memory"));

  const std::vector<History> all = read(path, {"latency_p50"});
  REQUIRE(all.size() == 3);
  CHECK(all[0].experiment == "daily");
  size_t longest = 0;
  for (const History& history : all) longest = std::max(longest, history.sessions.size());
  CHECK(longest == 2);
  for (const History& history : all)
    if (history.sessions.size() == 2) {
      CHECK(history.sessions[0].point.value == 2e6);
      CHECK(history.sessions[1].session == 2);
    }
}

TEST_CASE("history: the error of a point is that of its stored interval, or else of its raw samples") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(), 2);
  store.add(session, examples::with(examples::with(examples::ok(mlp, 2e6), "latency_p50_low", 1.9e6, "ns",
                                                   Direction::lower_is_better),
                                    "latency_p50_high", 2.2e6, "ns", Direction::lower_is_better));
  store.add(session, examples::ok(examples::run("vgg16", Precision::fp32), 1e6));  // samples alone
  for (const History& history : read(path, {"latency_p50", "throughput"})) {
    INFO(history.run << " " << history.metric);
    const Measured& measured = history.sessions.at(0);
    CHECK(measured.interval.low < measured.point.value);
    CHECK(measured.interval.high > measured.point.value);
    CHECK(measured.point.standard_error > 0);
    if (history.run_id != run_id(mlp)) {
      CHECK(measured.point.standard_error < 0.01 * measured.point.value);  // the samples lie within 2 %
      continue;
    }
    const double scale = history.metric == "throughput" ? 500 : 2e6;  // 500 images a second
    CHECK(measured.point.standard_error == Approx(scale * 0.15 / 3.92).epsilon(0.05));
  }
}

TEST_CASE("history: the interval of a share is shown, and is no error of its history") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Result result = examples::ok(mlp, 2e6);
  for (const auto& [name, value] : {std::pair("top1", 97.6), {"top1_low", 97.3}, {"top1_high", 97.9}})
    result = examples::with(result, name, value, "%", Direction::higher_is_better);
  Store store(path, Access::read_write);
  store.add(store.begin_session(examples::experiment(), 1), result);
  const History history = read(path, {"top1"}).at(0);
  CHECK(history.sessions[0].interval.low == 97.3);
  CHECK(history.sessions[0].interval.high == 97.9);
  CHECK(history.sessions[0].point.standard_error == 0);
}
