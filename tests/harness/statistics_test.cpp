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
    const Interval interval = median_interval(up_to(count));
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

TEST_CASE("statistics: sampling goes on until it is precise or out of time") {
  using Verdict = StoppingRule::Verdict;
  const StoppingRule rule(30, 0.01, 20);
  const std::vector<int64_t> steady(30, 1000);
  CHECK(rule.judge({}, 0) == Verdict::go_on);
  CHECK(rule.judge(std::span(steady).first(29), 1) == Verdict::go_on);
  CHECK(rule.judge(steady, 1) == Verdict::precise);
  std::vector<int64_t> restless = up_to(1000);
  CHECK(rule.judge(restless, 19.9) == Verdict::go_on);
  CHECK(rule.judge(restless, 20) == Verdict::out_of_time);
  CHECK(rule.judge({}, 20) == Verdict::out_of_time);
  CHECK(rule.judge(steady, 25) == Verdict::precise);
}

TEST_CASE("statistics: the interval must reach the target on both sides of the median") {
  // 20 samples: the interval ends at ranks 6 and 15; above the median it is narrow, below it is not.
  std::vector<int64_t> lopsided(10, 900);
  lopsided.resize(20, 1000);
  lopsided[8] = lopsided[9] = 1000;
  CHECK(StoppingRule(20, 0.01, 20).judge(lopsided, 0) == StoppingRule::Verdict::go_on);
}

TEST_CASE("statistics: fewer than six samples are never precise, for their interval is just their range") {
  const std::vector<int64_t> steady(5, 1000);
  CHECK(StoppingRule(1, 0.01, 20).judge(steady, 1) == StoppingRule::Verdict::go_on);
  CHECK(StoppingRule(1, 0.01, 20).judge(steady, 20) == StoppingRule::Verdict::out_of_time);
}
