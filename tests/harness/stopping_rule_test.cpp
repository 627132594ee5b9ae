#include "harness/stopping_rule.h"

#include <numeric>
#include <vector>

#include "tests/catch.h"

using namespace bitsweep;
using Verdict = StoppingRule::Verdict;

TEST_CASE("stopping rule: sampling goes on until it is precise or out of time") {
  const StoppingRule rule(30, 0.01, 20);
  const std::vector<double> steady(10, 1000);
  std::vector<double> restless(1000);
  std::iota(restless.begin(), restless.end(), 1.0);
  CHECK(rule.judge({}, 0, 0) == Verdict::go_on);
  CHECK(rule.judge(steady, 29, 1) == Verdict::go_on);
  CHECK(rule.judge(steady, 30, 1) == Verdict::precise);
  CHECK(rule.judge(restless, 30'000, 19.9) == Verdict::go_on);
  CHECK(rule.judge(restless, 30'000, 20) == Verdict::out_of_time);
  CHECK(rule.judge({}, 0, 20) == Verdict::out_of_time);
  CHECK(rule.judge(steady, 30, 25) == Verdict::precise);
}

TEST_CASE("stopping rule: the interval must reach the target on both sides of the median") {
  // 20 rounds: the interval ends at ranks 6 and 15; above the median it is narrow, below it is not.
  std::vector<double> lopsided(10, 900);
  lopsided.resize(20, 1000);
  lopsided[8] = lopsided[9] = 1000;
  CHECK(StoppingRule(20, 0.01, 20).judge(lopsided, 20, 0) == Verdict::go_on);
}

TEST_CASE("stopping rule: many samples of a few rounds are never precise") {
  const std::vector<double> steady(9, 1000);
  CHECK(StoppingRule(1, 0.01, 20).judge(steady, 9'000, 1) == Verdict::go_on);
  CHECK(StoppingRule(1, 0.01, 20).judge(steady, 9'000, 20) == Verdict::out_of_time);
}
