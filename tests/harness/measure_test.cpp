#include "harness/measure.h"

#include <set>
#include <stdexcept>

#include "harness/statistics.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// Work that takes a little time and cannot be left out.
void busy(int rounds) {
  volatile double sum = 0;
  for (int i = 0; i < rounds; ++i) sum = sum + i;
}

Measure quick() {
  Measure how;
  how.warmup = 2;
  how.min_samples = 40;
  how.max_time_s = 0.2;
  return how;
}

}  // namespace

TEST_CASE("measure: every candidate gets the samples it needs, each positive, and says why it ended") {
  const auto result = measure_interleaved({{"short", [] { busy(2000); }}, {"long", [] { busy(20000); }}},
                                          quick(), [](size_t) {});
  REQUIRE(result.size() == 2);
  for (const Measurement& measurement : result) {
    CHECK(measurement.samples_ns.size() >= 40);
    CHECK(measurement.stopped_by != StoppingRule::Verdict::go_on);
    CHECK(*std::min_element(measurement.samples_ns.begin(), measurement.samples_ns.end()) > 0);
  }
  CHECK(median(result[0].samples_ns) < median(result[1].samples_ns));
}

TEST_CASE("measure: the candidates are measured in turn, not one after the other") {
  Measure how = quick();
  how.target_ci = 1e-9;  // never reached: both go on until their time is spent
  std::vector<size_t> order;
  measure_interleaved({{"a", [] { busy(300000); }}, {"b", [] { busy(300000); }}}, how,
                      [&](size_t index) { order.push_back(index); });
  int changes = 0;
  for (size_t i = 1; i < order.size(); ++i) changes += order[i] != order[i - 1];
  CHECK(changes >= 4);  // in blocks of their own there would be two: warm-up, then one slice after the other
}

TEST_CASE("measure: what goes before a slice is done once a slice") {
  size_t slices = 0;
  const auto result =
      measure_interleaved({{.name = "moves", .step = [] { busy(2000); }, .before_slice = [&] { ++slices; }}},
                          quick(), [](size_t) {});
  CHECK(slices > 1);
  CHECK(slices == result[0].round_medians.size());
}

TEST_CASE("measure: a burst in the warm-up does not shorten the slices") {
  Measure how = quick();
  how.warmup = 5;
  int calls = 0;
  const auto result =
      measure_interleaved({{"hit", [&] { busy(++calls == 1 ? 20'000'000 : 20'000); }}}, how, [](size_t) {});
  CHECK(result[0].samples_ns.size() / result[0].round_medians.size() > 20);
}

TEST_CASE("measure: parts are those of the samples, not of warming steps or of an earlier measurement") {
  Candidate candidate{.name = "in parts",
                      .step = [] { busy(2000); },
                      .add_parts = [](PartTimes& times) { times["half"].push_back(1000); }};
  for (int again = 0; again < 2; ++again) {
    const auto result = measure_interleaved({candidate}, quick(), [](size_t) {});
    CHECK(result[0].parts_ns.at("half").size() == result[0].samples_ns.size());
  }
}

TEST_CASE("measure: a candidate that throws is told, and the others are measured") {
  int calls = 0, late_calls = 0;
  const auto result = measure_interleaved({{"good", [] { busy(1000); }},
                                           {"bad",
                                            [&] {
                                              if (++calls > 10)
                                                throw std::runtime_error("the eleventh is too much");
                                            }},
                                           {"bad at once", [] { throw std::runtime_error("no"); }},
                                           {"bad in a later slice",
                                            [&] {
                                              busy(20000);
                                              if (++late_calls > 700) throw std::runtime_error("late");
                                            }}},
                                          quick(), [](size_t) {});
  CHECK(result[0].error.empty());
  CHECK(result[0].samples_ns.size() >= 40);
  CHECK(result[1].error == "the eleventh is too much");
  CHECK(result[2].error == "no");
  CHECK((result[3].error == "late") == (late_calls > 700));  // it may have samples enough before
}

TEST_CASE(
    "measure: what goes before a step is done before each, and is neither timed nor repeated to warm up") {
  int before = 0, steps = 0;
  Candidate candidate{"cold", [&] { busy(1000), ++steps; }, [&] { busy(300000), ++before; }};
  Measure how = quick();
  how.min_samples = 5;
  how.max_time_s = 0.05;
  const auto result = measure_interleaved({candidate}, how, [](size_t) {});
  CHECK(before == steps);
  CHECK(steps == how.warmup + static_cast<int>(result[0].samples_ns.size()));
  CHECK(median(result[0].samples_ns) < 1e9 * result[0].seconds / steps);
}
