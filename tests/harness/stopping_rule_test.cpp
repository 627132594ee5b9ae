#include "harness/stopping_rule.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "harness/statistics.h"
#include "tests/catch.h"

using namespace bitsweep;
using Verdict = StoppingRule::Verdict;

namespace {

/// `a_round` samples in each round, all as its median.
std::vector<int64_t> samples_of(const std::vector<double>& round_medians, int a_round = 1) {
  std::vector<int64_t> samples;
  for (const double median : round_medians) samples.insert(samples.end(), a_round, std::llround(median));
  return samples;
}

}  // namespace

TEST_CASE("stopping rule: sampling goes on until it is precise or out of time") {
  const StoppingRule rule(30, 0.01, 20);
  const std::vector<double> steady(10, 1000);
  const std::vector<int64_t> many = samples_of(steady, 3), few(29, 1000);
  std::vector<double> restless(1000);
  std::iota(restless.begin(), restless.end(), 1.0);
  CHECK(rule.judge({}, {}, 0) == Verdict::go_on);
  CHECK(rule.judge(few, steady, 1) == Verdict::go_on);
  CHECK(rule.judge(many, steady, 1) == Verdict::precise);
  CHECK(rule.judge(samples_of(restless, 30), restless, 19.9) == Verdict::go_on);
  CHECK(rule.judge(samples_of(restless, 30), restless, 20) == Verdict::out_of_time);
  CHECK(rule.judge({}, {}, 20) == Verdict::out_of_time);
  CHECK(rule.judge(many, steady, 25) == Verdict::precise);
}

TEST_CASE("stopping rule: the interval must reach the target on both sides of the median") {
  // 20 rounds: the interval ends at ranks 6 and 15; above the median it is narrow, below it is not.
  std::vector<double> lopsided(10, 900);
  lopsided.resize(20, 1000);
  lopsided[8] = lopsided[9] = 1000;
  CHECK(StoppingRule(20, 0.01, 20).judge(samples_of(lopsided), lopsided, 0) == Verdict::go_on);
}

TEST_CASE("stopping rule: precise is what the told median and its interval are") {
  // The medians of rounds agree, but most samples are from slower moments: the told median is theirs.
  const std::vector<double> rounds(20, 1000);
  const std::vector<int64_t> slower(60, 1020);
  CHECK(StoppingRule(20, 0.01, 20).judge(slower, rounds, 0) == Verdict::go_on);
  CHECK(StoppingRule(20, 0.03, 20).judge(slower, rounds, 0) == Verdict::precise);
  CHECK(estimate_median(slower, rounds).half_width() == Approx(20.0 / 1020));
}

TEST_CASE("stopping rule: what the places in memory are worth is part of the interval") {
  // 16 places, 5 % apart from the fastest to the slowest; the rounds at each agree.
  std::vector<double> rounds;
  for (int round = 0; round < 320; ++round) rounds.push_back(1000 + 50.0 / 15 * (round % 16));
  const std::vector<int64_t> samples = samples_of(rounds);
  CHECK(StoppingRule(1, 0.01, 20, 1).judge(samples, rounds, 0) == Verdict::precise);
  CHECK(StoppingRule(1, 0.01, 20, 16).judge(samples, rounds, 0) == Verdict::go_on);
  CHECK(StoppingRule(1, 0.03, 20, 16).judge(samples, rounds, 0) == Verdict::precise);
  CHECK(StoppingRule(1, 0.03, 20, 16).judge(samples, std::span(rounds).first(31), 0) == Verdict::go_on);
}

TEST_CASE("stopping rule: many samples of a few rounds are never precise") {
  const std::vector<double> steady(9, 1000);
  const std::vector<int64_t> samples = samples_of(steady, 1000);
  CHECK(StoppingRule(1, 0.01, 20).judge(samples, steady, 1) == Verdict::go_on);
  CHECK(StoppingRule(1, 0.01, 20).judge(samples, steady, 20) == Verdict::out_of_time);
}
