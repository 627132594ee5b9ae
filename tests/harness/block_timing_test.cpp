#include "harness/block_timing.h"

#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// By what share the sentinel is slower after than before, measurement by measurement; more are not expected.
Watch planted(std::vector<double> shares, int& measurements) {
  return [shares, &measurements] {
    const auto number = static_cast<size_t>(measurements++);
    return [share = shares.at(number)] {
      Noise noise;
      noise.sentinel_before_ns = 1000, noise.sentinel_after_ns = 1000 * (1 + share);
      return noise;
    };
  };
}

Timing timed(const std::vector<double>& shares, int& measurements) {
  Measure how;
  how.max_time_s = 0.02;
  return time_block({{"step",
                      [] {
                        volatile int sum = 0;
                        for (int i = 0; i < 1000; ++i) sum = sum + i;
                      }}},
                    how, planted(shares, measurements), [](size_t) {});
}

}  // namespace

TEST_CASE("block timing: a quiet measurement is taken once") {
  int measurements = 0;
  const Timing timing = timed({0}, measurements);
  CHECK(measurements == 1);
  CHECK_FALSE(timing.repeated);
  CHECK(timing.measurements.size() == 1);
  CHECK_FALSE(timing.measurements[0].samples_ns.empty());
}

TEST_CASE("block timing: a disturbed measurement is repeated once, and the quieter one is kept") {
  int measurements = 0;
  const Timing better = timed({0.5, 0}, measurements);
  CHECK(measurements == 2);
  CHECK(better.repeated);
  CHECK(disturbances(better.noise).empty());
  measurements = 0;
  const Timing worse = timed({0.3, 0.6}, measurements);
  CHECK(measurements == 2);
  CHECK(worse.noise.sentinel_after_ns == Approx(1300));
  CHECK_FALSE(disturbances(worse.noise).empty());
}
