#include "results/night.h"

#include <algorithm>
#include <random>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "harness/error.h"
#include "results/acceptance.h"
#include "results/merge.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

const Run mlp = examples::run("mlp", Precision::int8), resnet = examples::run("resnet50", Precision::fp32);

/// Nights of one experiment, each with two runs, 1 % of noise and what a test plants.
class Nights {
 public:
  Nights() : path_(folder_.file("nights.sqlite")), store_(path_, Store::Access::read_write) {}

  /// One more night. plant(result) changes what the MLP's result is.
  template <class Plant>
  int64_t add(Plant plant) {
    const int64_t session = store_.begin_session(examples::experiment("nightly"), 2);
    Result result = noisy(mlp, 2e6);
    plant(result);
    store_.add(session, result);
    store_.add(session, noisy(resnet, 70e6));
    return session;
  }
  int64_t add() {
    return add([](Result&) {});
  }

  /// Measures the MLP again to confirm a session.
  template <class Plant>
  void confirm(int64_t session, Plant plant) {
    Result result = noisy(mlp, 2e6);
    plant(result);
    store_.add(store_.begin_session(examples::experiment("confirm:nightly"), 1, session), result);
  }

  Night judge() const { return judge_night(path_, "nightly", 0, usual_thresholds()); }
  const std::string& path() const { return path_; }

 private:
  Result noisy(const Run& run, double latency_ns) {
    return examples::ok(run, latency_ns * (1 + 0.01 * std::normal_distribution<double>()(random_)));
  }

  examples::TemporaryFolder folder_;
  std::string path_;
  Store store_;
  std::mt19937_64 random_{1};
};

/// Slower by this factor, in the first layer.
auto slower(double factor) {
  return [factor](Result& result) {
    for (Metric& metric : result.metrics) {
      if (metric.name == "latency_p50") metric.value *= factor;
      if (metric.name == "throughput") metric.value /= factor;
    }
    result.layers[0].time_ns *= 1 + (factor - 1) / 0.7;
    result.layers[0].implementation = "ref:any";
  };
}

const Finding* find(const Night& night, const std::string& metric) {
  const auto found = std::find_if(night.findings.begin(), night.findings.end(),
                                  [&](const Finding& finding) { return finding.metric == metric; });
  return found == night.findings.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("night: equal nights are steady, and the first of them unknown") {
  Nights nights;
  nights.add();
  CHECK(nights.judge().unknown == 4);  // latency and throughput of two runs
  for (int i = 1; i < 20; ++i) nights.add();
  const Night night = nights.judge();
  CHECK(night.session == 20);
  CHECK(night.present == 2);
  CHECK(night.judged == 4);
  CHECK(night.steady == 4);
  CHECK(night.findings.empty());
  CHECK(night.outcomes.empty());
  CHECK(night.silent.empty());
  CHECK_FALSE(night.has_regressed());
}

TEST_CASE("night: a regression is told at once, with its size and with the layer that explains it") {
  Nights nights;
  for (int i = 0; i < 15; ++i) nights.add();
  nights.add(slower(1.4));
  const Night night = nights.judge();
  CHECK(night.has_regressed());
  REQUIRE(night.findings.size() == 2);  // latency and throughput
  const Finding* finding = find(night, "latency_p50");
  REQUIRE(finding != nullptr);
  CHECK(finding->run_id == run_id(mlp));
  CHECK(finding->verdict.judgement == Judgement::regressed);
  CHECK_FALSE(finding->verdict.confirmed);
  CHECK(finding->verdict.change == Approx(0.4).margin(0.05));
  CHECK(finding->since_session == 16);
  CHECK(finding->before_session == 15);
  REQUIRE_FALSE(finding->why.empty());
  CHECK_THAT(finding->why[0], ContainsSubstring("conv1") && ContainsSubstring("→ ref:any"));
}

TEST_CASE(
    "night: a level is told since its first night, and is silent once it is accepted, until that ends") {
  Nights nights;
  for (int i = 0; i < 12; ++i) nights.add();
  for (int i = 0; i < 8; ++i) nights.add(slower(1.1));
  const Night before = nights.judge();
  REQUIRE(find(before, "latency_p50") != nullptr);
  CHECK(find(before, "latency_p50")->since_session == 13);
  CHECK(find(before, "latency_p50")->verdict.confirmed);

  for (const char* metric : {"latency_p50", "throughput"})
    CHECK(accept_change(nights.path(), {run_id(mlp).substr(0, 8), metric, 13, "eve", "larger tiles", {}}) ==
          run_id(mlp));
  const Night after = nights.judge();
  CHECK(after.findings.empty());
  CHECK_FALSE(after.has_regressed());
}

TEST_CASE("night: a session before the accepted one is judged as if nothing were accepted yet") {
  Nights nights;
  for (int i = 0; i < 12; ++i) nights.add();
  nights.add(slower(1.4));
  accept_change(nights.path(), {run_id(mlp), "latency_p50", 13, "eve", "larger tiles", {}});
  const Night earlier = judge_night(nights.path(), "nightly", 12, usual_thresholds());
  CHECK(earlier.steady == 4);
  CHECK(find(nights.judge(), "latency_p50") == nullptr);
}

TEST_CASE("night: sessions that were merged later count when they began") {
  const auto date = [](const std::string& path, int year) {
    SQLite::Database(path, SQLite::OPEN_READWRITE)
        .exec(fmt::format("update sessions set started = printf('{}-01-%02dT04:00:00Z', id)", year));
  };
  Nights early, late;
  for (int i = 0; i < 12; ++i) early.add();
  for (int i = 0; i < 7; ++i) late.add(slower(1.2));
  date(early.path(), 2025);
  date(late.path(), 2026);
  merge(late.path(), early.path());
  const Night night = late.judge();
  CHECK(night.session == 7);  // of the later year, though twelve have higher numbers
  const Finding* finding = find(night, "latency_p50");
  REQUIRE(finding != nullptr);
  CHECK(finding->verdict.judgement == Judgement::regressed);
  CHECK(finding->verdict.confirmed);
  CHECK(finding->since_session == 1);
  CHECK(finding->before_session == 19);
  CHECK(night.silent.empty());
  CHECK(judge_night(late.path(), "nightly", 8, usual_thresholds()).unknown == 4);  // the first of all
}

TEST_CASE("night: a value that its own samples leave open is no regression of one night") {
  Nights nights;
  for (int i = 0; i < 15; ++i) nights.add();
  nights.add([](Result& result) {
    slower(1.2)(result);
    for (const auto& [name, factor] : {std::pair("latency_p50_low", 0.5), {"latency_p50_high", 2.0}})
      result = examples::with(result, name, factor * 2.4e6, "ns", Direction::lower_is_better);
  });
  CHECK_FALSE(nights.judge().has_regressed());
}

TEST_CASE("night: what was accepted until a day is told again after it") {
  Nights nights;
  for (int i = 0; i < 12; ++i) nights.add();
  nights.add(slower(1.4));
  for (const char* metric : {"latency_p50", "throughput"})
    accept_change(nights.path(),
                  {run_id(mlp), metric, 13, "eve", "until the new driver", "2020-01-01T00:00:00Z"});
  CHECK(nights.judge().has_regressed());
}

TEST_CASE("night: nonsense is not accepted") {
  Nights nights;
  nights.add();
  CHECK_THROWS_AS(accept_change(nights.path(), {run_id(mlp), "latency_p50", 1, "eve", "", {}}), Error);
  CHECK_THROWS_AS(accept_change(nights.path(), {run_id(mlp), "speed", 1, "eve", "why", {}}), Error);
  CHECK_THROWS_AS(accept_change(nights.path(), {run_id(mlp), "latency_p50", 2, "eve", "why", {}}), Error);
  CHECK_THROWS_AS(accept_change(nights.path(), {"nothing", "latency_p50", 1, "eve", "why", {}}), Error);
}

TEST_CASE("night: a run that was ok and is not has regressed, with its reason") {
  Nights nights;
  nights.add();
  nights.add([](Result& result) { result = examples::not_ok(mlp, Outcome::failed, "no such primitive"); });
  const Night night = nights.judge();
  CHECK(night.has_regressed());
  REQUIRE(night.outcomes.size() == 1);
  CHECK(night.outcomes[0].before == "ok");
  CHECK(night.outcomes[0].after == "failed");
  CHECK(night.outcomes[0].reason == "no such primitive");
  nights.add();
  CHECK_FALSE(nights.judge().has_regressed());
  CHECK(nights.judge().outcomes.at(0).after == "ok");
}

TEST_CASE("night: fewer right answers to the same images are told in the second night") {
  const auto right = [](size_t wrong) {
    return [wrong](Result& result) {
      result.right.assign(10'000, true);
      std::fill_n(result.right.begin(), wrong, false);
      result.evidence["data_hash"] = "mnist";
      result = examples::with(result, "top1", 100 - 0.01 * static_cast<double>(wrong), "%",
                              Direction::higher_is_better);
    };
  };
  Nights nights;
  nights.add(right(240));
  nights.add(right(240));
  CHECK(nights.judge().steady == 1);
  nights.add(right(300));
  const Night night = nights.judge();
  CHECK(night.has_regressed());
  REQUIRE(find(night, "top1") != nullptr);
  CHECK(find(night, "top1")->verdict.change == Approx(-0.006 / 0.976));
  CHECK(find(night, "top1")->since_session == 3);
}

TEST_CASE(
    "night: a suspect that was measured again counts if it is as bad again, and else is told as refuted") {
  for (const double again : {1.0, 1.4}) {
    INFO(again);
    Nights nights;
    for (int i = 0; i < 15; ++i) nights.add();
    nights.add(slower(1.4));
    CHECK(suspects(nights.judge()) == std::vector{run_id(mlp)});
    nights.confirm(16, [&](Result& result) { slower(again)(result); });
    const Night night = nights.judge();
    CHECK(night.session == 16);  // what confirms is no session of the experiment
    const Finding* finding = find(night, "latency_p50");
    REQUIRE(finding != nullptr);
    CHECK(finding->verdict.after == Approx(2.8e6).epsilon(0.05));
    REQUIRE(finding->value_again);
    CHECK(*finding->value_again == Approx(again * 2e6).epsilon(0.05));
    CHECK(finding->again == (again > 1 ? Again::confirmed : Again::refuted));
    CHECK(night.has_regressed() == again > 1);
  }
}

TEST_CASE("night: what fails again is confirmed, what does not is refuted, and on other machines neither") {
  for (const bool ok : {true, false}) {
    Nights nights;
    nights.add();
    const auto fail = [](Result& result) {
      result = examples::not_ok(mlp, Outcome::timeout, "took an hour");
    };
    nights.add(fail);
    CHECK(suspects(nights.judge()) == std::vector{run_id(mlp)});
    nights.confirm(2, [](Result& result) { result.machine.cpu = "another"; });
    CHECK(nights.judge().has_regressed());
    nights.confirm(2, [&](Result& result) {
      if (!ok) fail(result);
    });
    CHECK(nights.judge().has_regressed() == !ok);
    CHECK(nights.judge().outcomes.at(0).again == (ok ? Again::refuted : Again::confirmed));
  }
}

TEST_CASE("night: what changed although no number did is told") {
  Nights nights;
  for (int i = 0; i < 10; ++i) nights.add();
  nights.add([](Result& result) { result.layers[1].implementation = "gemm:jit"; });
  const Night night = nights.judge();
  CHECK_FALSE(night.has_regressed());
  REQUIRE(night.silent.size() == 1);
  CHECK(night.silent[0].run_id == run_id(mlp));
  CHECK_THAT(night.silent[0].what.at(0), ContainsSubstring("gemm:jit"));
}

TEST_CASE("night: other experiments do not count, and one that is not there is told") {
  Nights nights;
  nights.add();
  CHECK_THROWS_AS(judge_night(nights.path(), "daily", 0, usual_thresholds()), Error);
  CHECK_THROWS_AS(judge_night(nights.path(), "nightly", 7, usual_thresholds()), Error);
}
