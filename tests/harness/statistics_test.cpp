#include "harness/statistics.h"

#include <numeric>
#include <stdexcept>
#include <vector>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// 1, 2, ... count
std::vector<int64_t> up_to(int64_t count) {
  std::vector<int64_t> samples(count);
  std::iota(samples.begin(), samples.end(), 1);
  return samples;
}

}  // namespace

TEST_CASE("statistics: percentiles are the nearest rank, whatever the order of the samples") {
  const std::vector<int64_t> samples = {50, 15, 40, 20,
                                        35};  // Wikipedia's example of the nearest-rank method
  CHECK(percentile(samples, 0.05) == 15);
  CHECK(percentile(samples, 0.30) == 20);
  CHECK(percentile(samples, 0.40) == 20);
  CHECK(percentile(samples, 0.50) == 35);
  CHECK(percentile(samples, 1.00) == 50);
}

TEST_CASE("statistics: no rank is lost to the rounding of shares") {
  for (int64_t rank = 1; rank <= 100; ++rank) CHECK(percentile(up_to(100), rank / 100.0) == rank);
  CHECK(percentile(up_to(1000), 0.999) == 999);
  CHECK(percentile(up_to(1), 0.01) == 1);
}

TEST_CASE("statistics: percentiles of nothing, or of a share out of range, are refused") {
  CHECK_THROWS_AS(percentile({}, 0.5), std::invalid_argument);
  CHECK_THROWS_AS(percentile(up_to(3), 0), std::invalid_argument);
  CHECK_THROWS_AS(percentile(up_to(3), 1.1), std::invalid_argument);
}

TEST_CASE("statistics: the median of an even number is the mean of the middle two") {
  CHECK(median(up_to(5)) == 3);
  CHECK(median(up_to(6)) == 3.5);
}

TEST_CASE("statistics: the interval of a share has the values of the literature") {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  const auto [found, count, low, high] = GENERATE(table<int, int, double, double>(
      {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}}));
  const Interval interval = share_interval(static_cast<double>(found) / count, count);
  CHECK(interval.low == Approx(low).margin(0.00005));
  CHECK(interval.high == Approx(high).margin(0.00005));
  const Interval mirrored = share_interval(1 - static_cast<double>(found) / count, count);
  CHECK(mirrored.low == Approx(1 - high).margin(0.00005));
  CHECK(mirrored.high == Approx(1 - low).margin(0.00005));
}

TEST_CASE("statistics: the interval of a share lies around it and within 0 and 1, and shrinks with more") {
  for (const double share : {0.0, 0.5, 0.9813, 1.0}) {
    const Interval few = share_interval(share, 1), many = share_interval(share, 10'000);
    CHECK(few.low >= 0);
    CHECK(few.high <= 1);
    CHECK(many.low <= share);
    CHECK(many.high >= share);
    CHECK(many.high - many.low < few.high - few.low);
  }
  CHECK_THROWS_AS(share_interval(0, 0), std::invalid_argument);
}

TEST_CASE("statistics: the median's interval has the ranks of the binomial tables") {
  // Ranks from tables for 95 %: n = 10: 2 and 9; 20: 6 and 15; 50: 18 and 33; 100: 40 and 61.
  const auto ranks = [](int64_t count) {
    std::vector<double> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), 1.0);
    const Interval interval = median_interval(values);
    return std::pair(interval.low, interval.high);
  };
  CHECK(ranks(5) == std::pair(1.0, 5.0));
  CHECK(ranks(6) == std::pair(1.0, 6.0));
  CHECK(ranks(10) == std::pair(2.0, 9.0));
  CHECK(ranks(20) == std::pair(6.0, 15.0));
  CHECK(ranks(50) == std::pair(18.0, 33.0));
  CHECK(ranks(100) == std::pair(40.0, 61.0));
  CHECK(ranks(1) == std::pair(1.0, 1.0));
}

TEST_CASE("statistics: a percentile is told only with enough samples behind it") {
  CHECK_FALSE(trusted_percentile(up_to(63), 0.90));
  CHECK(trusted_percentile(up_to(64), 0.90) == 58.0);
  CHECK_FALSE(trusted_percentile(up_to(661), 0.99));
  CHECK(trusted_percentile(up_to(662), 0.99));
  CHECK_FALSE(trusted_percentile(up_to(6635), 0.999));
  CHECK(trusted_percentile(up_to(6636), 0.999));
  CHECK(trusted_percentile(up_to(1), 0.5) == 1.0);
  CHECK_FALSE(trusted_percentile({}, 0.5));
}

namespace {

/// Medians of rounds around `middle`, each off by up to `noise` of it, evenly on both sides.
std::vector<double> rounds_around(double middle, double noise, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> off(-noise, noise);
  std::vector<double> medians(count);
  for (double& median : medians) median = middle * (1 + off(random));
  return medians;
}

}  // namespace

TEST_CASE("statistics: a speed-up comes with an interval that holds it, and repeats to the bit") {
  int held = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto baseline = rounds_around(3000, 0.05, 30, 2 * seed);
    const auto faster = rounds_around(1000, 0.05, 30, 2 * seed + 1);
    const Ratio ratio = speed_ratio(baseline, faster);
    CHECK(ratio.value == Approx(3).epsilon(0.05));
    held += ratio.interval.low <= 3 && 3 <= ratio.interval.high;
    CHECK(speed_ratio(baseline, faster).interval.low == ratio.interval.low);
  }
  CHECK(held >= 190);  // 99 % by construction; 30 rounds are few
}

TEST_CASE("statistics: drift that meets both sides of a round does not reach their ratio") {
  std::vector<double> baseline = rounds_around(1000, 0.001, 40, 1), same = rounds_around(1000, 0.001, 40, 2);
  for (size_t i = 0; i < baseline.size(); ++i) {
    const double drift = 1 + 0.5 * static_cast<double>(i) / 40;
    baseline[i] *= drift, same[i] *= drift;
  }
  const Ratio ratio = speed_ratio(baseline, same);
  CHECK(ratio.value == Approx(1).margin(0.001));
  CHECK(ratio.interval.high - ratio.interval.low < 0.005);
  CHECK_FALSE(differ(ratio));
}

TEST_CASE("statistics: bursts that spoil a few rounds do not make a difference") {
  std::vector<double> baseline = rounds_around(1000, 0.01, 40, 3);
  const std::vector<double> same = rounds_around(1000, 0.01, 40, 4);
  for (const size_t spoilt : {3, 17, 18, 31}) baseline[spoilt] *= 8;
  CHECK_FALSE(differ(speed_ratio(baseline, same)));
}

TEST_CASE("statistics: 3 % are found through noise of 3 %, and equal ones are not told apart") {
  int found = 0, false_alarms = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto baseline = rounds_around(1000, 0.03, 40, 3 * seed);
    found += differ(speed_ratio(baseline, rounds_around(1030, 0.03, 40, 3 * seed + 1)));
    false_alarms += differ(speed_ratio(baseline, rounds_around(1000, 0.03, 40, 3 * seed + 2)));
  }
  CHECK(found >= 190);
  CHECK(false_alarms <= 2);
}

TEST_CASE("statistics: what the places in memory are worth is no difference, however many rounds go by") {
  constexpr size_t places = 16, rounds = 320;
  int by_places = 0, by_rounds = 0, found = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    // Each place of each side is worth up to 8 %; the rounds at a place differ by up to 0.5 %.
    const auto worth = [&](double middle, uint64_t side) {
      const auto at = rounds_around(middle, 0.08, places, 1000 + 2 * seed + side);
      auto medians = rounds_around(1, 0.005, rounds, 3000 + 2 * seed + side);
      for (size_t i = 0; i < rounds; ++i) medians[i] *= at[i % places];
      return medians;
    };
    const auto plain = worth(1000, 0);
    by_places += differ(speed_ratio(plain, worth(1000, 1), places));
    by_rounds += differ(speed_ratio(plain, worth(1000, 1)));
    found += differ(speed_ratio(plain, worth(1100, 1), places));
  }
  CHECK(by_places <= 3);
  CHECK(by_rounds >= 20);
  CHECK(found >= 95);
}

TEST_CASE("statistics: a handful of rounds tells nothing apart, and none is an error") {
  const std::vector<double> slow(5, 2000.0), fast(7, 1000.0);
  const Ratio ratio = speed_ratio(slow, fast);
  CHECK(ratio.value == Approx(2));
  CHECK(ratio.rounds == 5);
  CHECK_FALSE(differ(ratio));
  CHECK(differ(speed_ratio(std::vector<double>(6, 2000.0), fast)));
  CHECK_THROWS_AS(speed_ratio({}, fast), std::invalid_argument);
  CHECK_THROWS_AS(median_interval({}), std::invalid_argument);
}
