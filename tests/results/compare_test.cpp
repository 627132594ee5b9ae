#include "results/compare.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "results/comparison_rows.h"
#include "results/sides.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

/// A side with 40 rounds around this latency, drawn with a fixed seed.
Observed timed(double latency_ns, uint64_t seed, double spread = 0.01) {
  Observed side;
  side.outcome = Outcome::ok;
  side.metrics["latency_p50"] = {"latency_p50", latency_ns, "ns", Direction::lower_is_better};
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, spread);
  for (int i = 0; i < 40; ++i) side.round_medians_ns.push_back(latency_ns * std::exp(normal(random)));
  return side;
}

Observed with(Observed side, const std::string& name, double value, Direction direction) {
  side.metrics[name] = {name, value, "", direction};
  return side;
}

/// A side whose accuracy was found with so many images.
Observed scored(double top1, int64_t images, const std::string& data = "of these") {
  Observed side = with(timed(1000, 1), "top1", top1, Direction::higher_is_better);
  side.images = images;
  side.data_hash = data;
  return side;
}

Pair pair(const Observed& a, const Observed& b, const std::map<std::string, Threshold>& gate = {}) {
  return {"id", field_texts(examples::run("mlp", Precision::fp32)), a, b, gate};
}

Comparison one(const Pair& pair, const std::string& metric) {
  for (const Comparison& found : compare({pair}))
    if (found.metric == metric) return found;
  throw std::out_of_range("the metric is not compared: " + metric);
}

std::string verdict(const Observed& a, const Observed& b, const std::string& metric,
                    const std::map<std::string, Threshold>& gate = {}) {
  return to_text(one(pair(a, b, gate), metric).verdict);
}

}  // namespace

TEST_CASE("compare: a planted slowdown of 5 % is told, of 2 % it does not matter, and a gain is a gain") {
  CHECK(verdict(timed(1000, 1), timed(1050, 2), "latency_p50") == "regressed");
  CHECK(verdict(timed(1000, 1), timed(1015, 2), "latency_p50") == "steady");
  CHECK(verdict(timed(1000, 1), timed(950, 2), "latency_p50") == "improved");
  CHECK(verdict(timed(1000, 1), timed(1000, 2), "latency_p50") == "steady");
}

TEST_CASE("compare: noise as large as the threshold neither shows nor excludes a change") {
  CHECK(verdict(timed(1000, 1, 0.2), timed(1000, 2, 0.2), "latency_p50") == "unknown");
  Observed few = timed(2000, 2);
  few.round_medians_ns.resize(5);
  CHECK(verdict(timed(1000, 1), few, "latency_p50") == "unknown");
}

TEST_CASE("compare: the gate of the experiment is the threshold") {
  const Observed a = timed(1000, 1), b = timed(1050, 2);
  CHECK(verdict(a, b, "latency_p50", {{"latency_p50", {0.10, false}}}) == "steady");
  CHECK(verdict(a, timed(1020, 2), "latency_p50", {{"latency_p50", {0.01, false}}}) == "regressed");
}

TEST_CASE("compare: numbers of one comparison") {
  const Comparison found = one(pair(timed(1000, 1), timed(1100, 2)), "latency_p50");
  CHECK(*found.a == 1000);
  CHECK(*found.b == 1100);
  CHECK(*found.ratio == Approx(1.1).epsilon(0.01));
  CHECK(found.interval->low < *found.ratio);
  CHECK(found.interval->high > *found.ratio);
  CHECK(*found.p < 1e-6);
  CHECK(*found.p_adjusted == *found.p);  // of one test
  CHECK(*found.effect == 1);
}

TEST_CASE("compare: p is corrected for the number of tests") {
  std::vector<Pair> pairs = {pair(timed(1000, 1), timed(1010, 2))};
  const double alone = *compare(pairs)[1].p_adjusted;
  for (uint64_t i = 0; i < 50; ++i) pairs.push_back(pair(timed(1000, 100 + i), timed(1000, 200 + i)));
  const Comparison among = compare(pairs)[1];
  CHECK(*among.p == alone);
  CHECK(*among.p_adjusted > 5 * alone);
}

TEST_CASE("compare: throughput stands in for latency, and more is better") {
  const auto streams = [](double round_ns, uint64_t seed) {
    Observed side = timed(round_ns, seed);
    side.metrics.clear();
    return with(side, "throughput", 1e9 / round_ns, Direction::higher_is_better);
  };
  const Comparison slower = one(pair(streams(1000, 1), streams(1100, 2)), "throughput");
  CHECK(slower.verdict == Verdict::regressed);
  CHECK(*slower.ratio == Approx(1 / 1.1).epsilon(0.01));
  CHECK(verdict(streams(1000, 1), streams(900, 2), "throughput") == "improved");
}

TEST_CASE("compare: accuracy is judged by the number of images") {
  CHECK(verdict(scored(92.5, 10000), scored(90.5, 10000), "top1") == "regressed");
  CHECK(verdict(scored(92.5, 100), scored(90.5, 100), "top1") == "unknown");
  CHECK(verdict(scored(90.5, 10000), scored(92.5, 10000), "top1") == "improved");
  CHECK(verdict(scored(92.5, 1000000), scored(92.4, 1000000), "top1") ==
        "steady");                                                           // shown, but 1 % is not reached
  CHECK(verdict(scored(92.5, 100), scored(92.5, 100), "top1") == "steady");  // the same images
  CHECK(verdict(scored(92.5, 100), scored(92.5, 100, "of others"), "top1") == "unknown");
  CHECK(verdict(scored(92.5, 1000000), scored(92.4, 1000000), "top1", {{"top1", {0.05, true}}}) ==
        "regressed");
}

TEST_CASE("compare: exact numbers are compared by equality") {
  const auto bytes = [](double value) {
    return with(timed(1000, 1), "weight_bytes", value, Direction::lower_is_better);
  };
  CHECK(verdict(bytes(1000), bytes(1000), "weight_bytes") == "steady");
  CHECK(verdict(bytes(1000), bytes(1001), "weight_bytes") == "changed");
  CHECK(verdict(bytes(1000), bytes(1030), "weight_bytes") == "regressed");
  CHECK(verdict(bytes(1000), bytes(500), "weight_bytes") == "improved");
  const auto nonzeros = [](double value) {
    return with(timed(1000, 1), "nonzeros", value, Direction::neutral);
  };
  CHECK(verdict(nonzeros(10), nonzeros(99), "nonzeros") == "changed");
  CHECK(verdict(nonzeros(0), nonzeros(0), "nonzeros") == "steady");
  const auto sqnr = [](double value) {
    return with(timed(1000, 1), "sqnr", value, Direction::higher_is_better);
  };
  CHECK(verdict(sqnr(300), sqnr(122), "sqnr") == "steady");  // fp32's own rounding
  CHECK(verdict(sqnr(40), sqnr(30), "sqnr") == "regressed");
}

TEST_CASE("compare: a gated metric of a single number is never more than unknown") {
  const auto load = [](double value) {
    return with(timed(1000, 1), "load_time", value, Direction::lower_is_better);
  };
  CHECK(verdict(load(100), load(200), "load_time", {{"load_time", {0.1, false}}}) == "unknown");
  CHECK(verdict(load(100), load(105), "load_time", {{"load_time", {0.1, false}}}) == "steady");
  CHECK_THROWS(verdict(load(100), load(200), "load_time"));
}

TEST_CASE("compare: an outcome is better or worse, and then nothing else is compared") {
  Observed failed;
  failed.outcome = Outcome::failed;
  Observed unsupported;
  unsupported.outcome = Outcome::unsupported;
  CHECK(verdict(timed(1000, 1), failed, "outcome") == "regressed");
  CHECK(verdict(unsupported, failed, "outcome") == "regressed");
  CHECK(verdict(failed, timed(1000, 1), "outcome") == "improved");
  CHECK(verdict(failed, failed, "outcome") == "steady");
  CHECK(compare({pair(timed(1000, 1), failed)}).size() == 1);
}

namespace {

/// Two sessions of the mlp in three precisions: int8 becomes 10 % slower, bf16 fails, and the second lacks
/// fp16 while the first lacks batch 4.
struct Two {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  Two() {
    Store store(path, Access::read_write);
    const int64_t first = store.begin_session(examples::experiment("nightly"), 4);
    const int64_t second = store.begin_session(examples::experiment("nightly"), 4);
    for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8, Precision::fp16}) {
      const bool slower = precision == Precision::int8;
      const Run run = examples::run("mlp", precision);
      store.add(first, result(run, 100000));
      if (precision == Precision::bf16) store.add(second, examples::not_ok(run, Outcome::failed, "crashed"));
      if (precision == Precision::fp32 || slower) store.add(second, later(run, slower ? 110000 : 100000));
    }
    store.add(second, later(examples::run("mlp", Precision::fp32, 4), 1000));
  }
  static Result result(const Run& run, double latency_ns) {
    Result result = examples::ok(run, latency_ns);
    result.evidence["rounds"] = "20";
    return result;
  }
  static Result later(const Run& run, double latency_ns) {
    Result later = result(run, latency_ns);
    later.software.bitsweep = "0.2.0 (beef12345678-dirty)";
    later.software.libraries = {{"oneDNN", "3.6"}};
    later.machine.cpu = "another";
    return later;
  }
  Sides sides(const std::string& a, const std::string& b, const std::vector<std::string>& filters = {},
              const std::map<std::string, Threshold>& gate = {}) const {
    return read_sides(path, a, b, filters, [&](const std::string&) { return gate; });
  }
};

/// "fp32/latency_p50/steady ...": precision, metric and verdict of each row.
std::string told(const Sides& sides, bool all = false) {
  const Rows rows = comparison_rows(sides.pairs, compare(sides.pairs), all, true);
  const auto column = [&](const std::string& name) {
    const auto found = std::find_if(rows.headings.begin(), rows.headings.end(),
                                    [&](const Heading& heading) { return heading.name == name; });
    return static_cast<size_t>(found - rows.headings.begin());
  };
  std::string text;
  for (const auto& row : rows.cells) {
    for (const char* name : {"precision", "metric", "verdict"})
      text += std::get<std::string>(row.at(column(name))) + (name == std::string("verdict") ? " " : "/");
  }
  return text;
}

}  // namespace

TEST_CASE_METHOD(Two, "compare: what both sessions have is compared, the rest counted") {
  const Sides found = sides("nightly~1", "nightly");
  CHECK(told(found) == "fp32/latency_p50/steady bf16/outcome/regressed int8/latency_p50/regressed ");
  CHECK(found.only_a == 1);
  CHECK(found.only_b == 1);
  CHECK(found.pairs[0].a.round_medians_ns.size() == 20);
  CHECK(told(found, true).find("int8/outcome/steady") != std::string::npos);
  CHECK(told(sides("nightly~1", "nightly", {"precision=fp32"})) == "fp32/latency_p50/steady ");
  CHECK(sides("nightly~1", "nightly", {"batch=77"}).pairs.empty());
}

TEST_CASE_METHOD(Two, "compare: the gate of the later session is used") {
  const Sides found = sides("1", "2", {"precision=int8"}, {{"latency_p50", {0.2, false}}});
  CHECK(told(found) == "int8/latency_p50/steady ");
}

TEST_CASE_METHOD(Two, "compare: commits, machines and library versions are sides") {
  const std::string expected = "fp32/latency_p50/steady int8/latency_p50/regressed ";
  const std::vector<std::string> filters = {"precision=fp32,int8"};
  CHECK(told(sides("commit:abcdef", "commit:beef1234", filters)) == expected);
  CHECK(told(sides("library:oneDNN=2.6.3", "library:oneDNN=3.6", filters)) == expected);
  Machine another = examples::machine();
  another.cpu = "another";
  const std::string was = "machine:" + machine_class(examples::machine()),
                    is = "machine:" + machine_class(another);
  const Sides machines = sides(was, is, filters);
  CHECK(told(machines) == expected);
  CHECK(std::count(machines.notes.begin(), machines.notes.end(), "A and B ran on unlike machines") == 1);
  const Sides same = sides("1", "1");
  CHECK(std::count(same.notes.begin(), same.notes.end(), "A and B ran on unlike machines") == 0);
}

TEST_CASE_METHOD(Two, "compare: of a run that one side has several times the latest is taken") {
  CHECK(told(sides("1..2", "2", {"precision=int8"})) == "int8/latency_p50/steady ");
}

TEST_CASE_METHOD(Two, "compare: an unknown side is told with what is known") {
  CHECK_THROWS_WITH(sides("1", "commit:0000"), ContainsSubstring("known: 0.1.0 (abcdef012345), 0.2.0"));
  CHECK_THROWS_WITH(sides("1", "commit:"), ContainsSubstring("no result has this"));
  CHECK_THROWS_WITH(sides("1", "machine:zzz"), ContainsSubstring("(another)"));
  CHECK_THROWS_WITH(sides("1", "library:oneDNN=9"), ContainsSubstring("known: oneDNN=2.6.3, oneDNN=3.6"));
  CHECK_THROWS_WITH(sides("1", "library:oneDNN"), ContainsSubstring("right is library:NAME=VERSION"));
  CHECK_THROWS_WITH(sides("1", "nihgtly"), ContainsSubstring("did you mean 'nightly'?"));
}

TEST_CASE_METHOD(Two, "compare: groups have the geometric mean of their ratios") {
  const Sides found = sides("1", "2", {"precision=fp32,int8"});
  std::vector<Comparison> comparisons = compare(found.pairs);
  for (Comparison& one : comparisons)
    if (one.metric == "latency_p50") one.ratio = one.pair == 0 ? 1 : 4;
  const Rows rows = group_rows(found.pairs, comparisons, {"model"});
  const auto row = std::find_if(rows.cells.begin(), rows.cells.end(),
                                [](const auto& cells) { return cells[1] == Cell("latency_p50"); });
  REQUIRE(row != rows.cells.end());
  CHECK(*row == std::vector<Cell>{"mlp", "latency_p50", int64_t{2}, 2., 1., 4., int64_t{1}, int64_t{0},
                                  int64_t{1}, int64_t{0}, int64_t{0}});
  CHECK(*geometric_mean(comparisons, "latency_p50") == Approx(2));
  CHECK(!geometric_mean(comparisons, "top1"));
  CHECK(group_rows(found.pairs, comparisons, {"precision"}).cells.size() > rows.cells.size());
  CHECK_THROWS_WITH(group_rows(found.pairs, comparisons, {"precison"}), ContainsSubstring("did you mean"));
}

TEST_CASE_METHOD(Two, "compare: programs get raw numbers of all fields") {
  const Sides found = sides("1", "2", {"precision=int8"});
  const Rows rows = comparison_rows(found.pairs, compare(found.pairs), false, false);
  REQUIRE(rows.cells.size() == 1);
  CHECK(rows.headings.size() == field_names().size() + 12);
  CHECK(rows.cells[0][field_names().size() + 1] == Cell(100000.));
  CHECK(rows.cells[0][field_names().size() + 3] == Cell("ns"));
  CHECK(std::holds_alternative<double>(rows.cells[0][field_names().size() + 7]));
}

TEST_CASE("compare: the same images tell smaller differences of accuracy") {
  const auto answered = [](size_t wrong, size_t from) {
    Observed side = scored(100 - 0.01 * static_cast<double>(wrong), 10'000);
    side.right.assign(10'000, true);
    std::fill_n(side.right.begin() + static_cast<std::ptrdiff_t>(from), wrong, false);
    return side;
  };
  const std::map<std::string, Threshold> gate = {{"top1", {0.3, true}}};
  CHECK(verdict(scored(97.6, 10'000), scored(97.2, 10'000), "top1", gate) == "unknown");
  CHECK(verdict(answered(240, 0), answered(280, 0), "top1", gate) == "regressed");
  CHECK(verdict(answered(240, 0), answered(280, 5000), "top1", gate) == "unknown");
  CHECK(verdict(answered(240, 0), answered(240, 1), "top1", gate) == "steady");
  Observed others = answered(280, 0);
  others.data_hash = "of others";
  CHECK(verdict(answered(240, 0), others, "top1", gate) == "unknown");
}
