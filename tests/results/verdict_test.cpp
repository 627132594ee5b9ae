#include "results/verdict.h"

#include <random>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

const Threshold three_percent = {0.03, false};

/// Values around these levels, so many each, with normal noise of this share.
SeriesHistory series(const std::vector<std::pair<double, size_t>>& levels, double noise = 0.01,
                     uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, noise);
  SeriesHistory history;
  history.direction = Direction::lower_is_better;
  for (const auto& [level, count] : levels) {
    if (!history.values.empty()) history.level_starts.push_back(history.values.size());
    for (size_t i = 0; i < count; ++i) history.values.push_back(level * (1 + normal(random)));
  }
  return history;
}

}  // namespace

TEST_CASE("verdict: with little history nothing is judged") {
  CHECK(judge({}, three_percent).judgement == Judgement::unknown);
  CHECK(judge(series({{100, 7}}), three_percent).judgement == Judgement::unknown);
  CHECK(judge(series({{100, 8}}), three_percent).judgement == Judgement::steady);
}

namespace {

const Threshold half_a_point = {0.5, true};

/// Sessions that answered 10,000 images, of which these numbers, from these positions on, were wrong.
SeriesHistory answered(const std::vector<std::pair<size_t, size_t>>& wrong_from) {
  SeriesHistory history;
  history.direction = Direction::higher_is_better;
  for (const auto& [wrong, from] : wrong_from) {
    std::vector<bool> right(10'000, true);
    std::fill_n(right.begin() + static_cast<std::ptrdiff_t>(from), wrong, false);
    history.answers.push_back(right);
    history.values.push_back(100 * (1 - static_cast<double>(wrong) / 10'000));
  }
  return history;
}

}  // namespace

TEST_CASE("verdict: equal accuracy with different answers is steady") {
  const SeriesVerdict verdict = judge(answered({{240, 0}, {240, 5000}}), half_a_point);
  CHECK(verdict.judgement == Judgement::steady);
  CHECK_FALSE(verdict.recovered);
  CHECK(verdict.change == 0);
}

TEST_CASE("verdict: a real loss of right answers is found in the second session, with its interval") {
  const SeriesHistory lost = answered({{240, 0}, {300, 0}});
  const SeriesVerdict verdict = judge(lost, half_a_point);
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK(verdict.worth_attention);
  CHECK_FALSE(verdict.confirmed);
  CHECK(verdict.before == 97.6);
  CHECK(verdict.after == 97.0);
  CHECK(verdict.since == 1);
  CHECK(verdict.change_interval.low < -0.006);
  CHECK(verdict.change_interval.high < -0.004);
  const SeriesVerdict again = judge(lost, half_a_point);
  CHECK(again.change_interval.low == verdict.change_interval.low);
  // As many fewer, but of other images: 300 lost and 240 gained may be chance.
  CHECK(judge(answered({{240, 0}, {300, 5000}}), half_a_point).judgement == Judgement::steady);
}

TEST_CASE("verdict: a loss is told as long as it lasts, and small losses of answers add up") {
  const SeriesVerdict third =
      judge(answered({{240, 0}, {240, 0}, {300, 0}, {300, 0}, {300, 0}}), half_a_point);
  CHECK(third.judgement == Judgement::regressed);
  CHECK(third.confirmed);
  CHECK(third.since == 2);
  const SeriesVerdict crept = judge(answered({{240, 0}, {248, 0}, {256, 0}, {264, 0}}), half_a_point);
  CHECK(crept.judgement == Judgement::regressed);
  CHECK_FALSE(crept.worth_attention);
  const SeriesVerdict back = judge(answered({{240, 0}, {300, 0}, {240, 0}}), half_a_point);
  CHECK(back.judgement == Judgement::steady);
  CHECK(back.recovered);
}

TEST_CASE("verdict: what is significantly better is improved, and its loss is a loss from then on") {
  CHECK(judge(answered({{300, 0}, {240, 0}}), half_a_point).judgement == Judgement::improved);
  CHECK(judge(answered({{300, 0}, {240, 0}, {300, 0}}), half_a_point).judgement == Judgement::regressed);
}

TEST_CASE("verdict: accuracy whose answers are to other images, or not known, is judged by its value") {
  SeriesHistory history = answered({{240, 0}, {300, 0}});
  history.answers[0].clear();
  CHECK(judge(history, half_a_point).judgement == Judgement::unknown);  // two values are too few
  history.answers.clear();
  CHECK(judge(history, half_a_point).judgement == Judgement::unknown);
}

TEST_CASE("verdict: an accepted loss of answers is the baseline") {
  SeriesHistory history = answered({{240, 0}, {300, 0}, {300, 0}});
  history.accepted = 1;
  CHECK(judge(history, half_a_point).judgement == Judgement::steady);
}

TEST_CASE("verdict: a new level that is worse has regressed, with its size, its interval and its beginning") {
  const SeriesVerdict verdict = judge(series({{100, 15}, {110, 6}}), three_percent);
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK(verdict.worth_attention);
  CHECK(verdict.confirmed);
  CHECK(verdict.since == 15);
  CHECK(verdict.change == Approx(0.10).margin(0.01));
  CHECK(verdict.change_interval.low > 0.05);
  CHECK(verdict.change_interval.low < verdict.change);
  CHECK(verdict.change < verdict.change_interval.high);
}

TEST_CASE("verdict: what is better depends on the metric") {
  SeriesHistory history = series({{100, 15}, {110, 6}});
  history.direction = Direction::higher_is_better;
  CHECK(judge(history, three_percent).judgement == Judgement::improved);
  history.direction = Direction::neutral;
  CHECK(judge(history, three_percent).judgement == Judgement::steady);
}

TEST_CASE("verdict: a significant change below the threshold is told, and is not worth attention") {
  const SeriesVerdict verdict = judge(series({{100, 15}, {101.5, 10}}, 0.001), three_percent);
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK_FALSE(verdict.worth_attention);
}

TEST_CASE("verdict: one night far off its level is told at once, as unconfirmed") {
  SeriesHistory history = series({{100, 20}});
  CHECK(judge(history, three_percent).judgement == Judgement::steady);
  history.values.push_back(115);
  const SeriesVerdict verdict = judge(history, three_percent);
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK(verdict.worth_attention);
  CHECK_FALSE(verdict.confirmed);
  CHECK(verdict.since == 20);
  CHECK(verdict.after == 115);
}

TEST_CASE("verdict: one night is not called different by chance") {
  int called = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed)
    called += judge(series({{100, 20}}, 0.03, seed), {0, false}).judgement != Judgement::steady;
  CHECK(called <= 10);  // 0.5 %
}

TEST_CASE("verdict: a value that never changed regresses by any change") {
  SeriesHistory history = series({{92.48, 20}}, 0);
  history.direction = Direction::higher_is_better;
  history.values.push_back(92.0);
  const SeriesVerdict slightly = judge(history, {0.5, true});
  CHECK(slightly.judgement == Judgement::steady);  // half a point is asked for, 0.48 it is
  history.values.back() = 91.9;
  const SeriesVerdict verdict = judge(history, {0.5, true});
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK(verdict.worth_attention);
}

TEST_CASE("verdict: what came back has recovered") {
  const SeriesVerdict verdict = judge(series({{100, 12}, {120, 5}, {100, 6}}), three_percent);
  CHECK(verdict.judgement == Judgement::steady);
  CHECK(verdict.recovered);
}

TEST_CASE("verdict: small steps add up against the baseline") {
  const SeriesVerdict verdict =
      judge(series({{100, 8}, {101.5, 6}, {103, 6}, {104.5, 6}}, 0.001), three_percent);
  CHECK(verdict.judgement == Judgement::regressed);
  CHECK(verdict.worth_attention);
  CHECK(verdict.change == Approx(0.045).margin(0.002));
}

TEST_CASE("verdict: an accepted change is the baseline from then on") {
  SeriesHistory history = series({{100, 15}, {110, 10}});
  history.accepted = 15;
  const SeriesVerdict verdict = judge(history, three_percent);
  CHECK(verdict.judgement == Judgement::steady);
  CHECK_FALSE(verdict.recovered);
  CHECK(verdict.before == Approx(110).epsilon(0.01));
}

TEST_CASE("verdict: what is older than the window is history") {
  CHECK(judge(series({{100, 15}, {110, 29}}), three_percent).judgement == Judgement::regressed);
  CHECK(judge(series({{100, 15}, {110, 31}}), three_percent).judgement == Judgement::steady);
}

TEST_CASE("verdict: a baseline of zero is left by any value") {
  SeriesHistory history = series({{0, 10}}, 0);
  CHECK(judge(history, three_percent).judgement == Judgement::steady);
  history.values.push_back(2);
  CHECK(judge(history, three_percent).worth_attention);
}
