#include "results/change_points.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "results/step_test.h"
#include "tests/catch.h"
#include "tests/noise.h"

using namespace bitsweep;

namespace {

std::vector<HistoryPoint> points(const std::vector<double>& values) {
  std::vector<HistoryPoint> list;
  for (const double value : values) list.push_back({value, 0});
  return list;
}

SeriesFindings find(const std::vector<double>& values, const ChangePointCriteria& criteria = {}) {
  return find_change_points(points(values), criteria);
}

std::vector<int64_t> indices(const SeriesFindings& findings) {
  std::vector<int64_t> list;
  for (const ChangePoint& change : findings.change_points) list.push_back(change.index);
  return list;
}

std::vector<double> quiet(int64_t length, int64_t seed = 1) {
  return noise::series(noise::Kind::gaussian, length, seed);
}

/// Of `count` histories, those for which the condition holds.
template <typename Condition>
int64_t how_many(int64_t count, Condition condition) {
  int64_t number = 0;
  for (int64_t seed = 0; seed < count; ++seed) number += condition(seed);
  return number;
}

bool same(const SeriesFindings& one, const SeriesFindings& other) {
  bool equal = one.change_points.size() == other.change_points.size() && one.kind.shape == other.kind.shape &&
               one.kind.spikes == other.kind.spikes &&
               one.kind.drift_per_point == other.kind.drift_per_point &&
               one.kind.modes.has_value() == other.kind.modes.has_value();
  for (size_t i = 0; equal && i < one.change_points.size(); ++i) {
    const ChangePoint &a = one.change_points[i], &b = other.change_points[i];
    equal = a.index == b.index && a.before == b.before && a.after == b.after && a.p_value == b.p_value &&
            a.difference.low == b.difference.low && a.difference.high == b.difference.high;
  }
  return equal;
}

}  // namespace

TEST_CASE("change points: at most 1 % of unchanged histories have one, whatever the noise") {
  for (const noise::Kind kind : noise::kinds) {
    INFO(noise::to_text(kind));
    CHECK(how_many(400, [&](int64_t seed) {
            return !find(noise::series(kind, 100, seed)).change_points.empty();
          }) <= 4);
  }
}

TEST_CASE("change points: steps are found within two points of where they are") {
  const auto found = [](double size, int64_t before, int64_t after) {
    return how_many(200, [&](int64_t seed) {
      for (const int64_t index : indices(find(noise::with_step(before, after, size, seed))))
        if (std::abs(index - before) <= 2) return true;
      return false;
    });
  };
  CHECK(found(1.5, 50, 50) >= 170);  // one who knew the levels would place 180
  CHECK(found(2, 15, 15) >= 178);
  CHECK(found(3, 15, 15) >= 190);
  CHECK(found(3, 85, 15) >= 196);
  CHECK(found(-3, 30, 30) >= 196);
}

TEST_CASE("change points: what is told of a change holds") {
  int64_t covered = 0, found = 0;
  for (int64_t seed = 0; seed < 200; ++seed) {
    const SeriesFindings findings = find(noise::with_step(30, 30, 3, seed));
    if (findings.change_points.size() != 1) continue;
    const ChangePoint& change = findings.change_points[0];
    ++found;
    covered += change.difference.low <= 3 && change.difference.high >= 3;
    CHECK(change.difference.low > 1);
    CHECK(change.difference.high < 5);
    CHECK(change.p_value < 0.007);
    CHECK(change.after - change.before == Approx((change.difference.low + change.difference.high) / 2));
  }
  CHECK(found >= 194);
  CHECK(covered >= 180);  // 95 % of the intervals, less what the choice of the place costs
}

TEST_CASE("change points: an appended point gives what the whole history gives at once, to the bit") {
  for (const noise::Kind kind : noise::kinds) {
    std::vector<double> values = noise::series(kind, 900, 3);
    for (size_t i = 0; i < values.size(); ++i) values[i] += i / 130 % 2 == 0 ? 0 : 100;
    std::vector<HistoryPoint> all;
    for (size_t i = 0; i < values.size(); ++i) all.push_back({values[i], i % 5 == 0 ? 0.5 : 0});
    GrowingHistory history;
    for (size_t i = 0; i < all.size(); ++i) {
      history.append(all[i]);
      if (i % 23 != 0) continue;
      INFO(noise::to_text(kind) << ", " << i + 1 << " points");
      CHECK(same(history.findings(), find_change_points(std::span(all).first(i + 1))));
    }
    CHECK(history.findings().change_points.size() >= 6);
  }
}

TEST_CASE("change points: long histories keep their changes, in order and once each") {
  std::vector<double> values = quiet(3000, 2);
  for (size_t i = 0; i < values.size(); ++i) values[i] += 4 * static_cast<double>(i / 300 % 2);
  const std::vector<int64_t> found = indices(find(values));
  REQUIRE(found.size() == 9);
  for (size_t i = 0; i < found.size(); ++i)
    CHECK(std::abs(found[i] - 300 * (static_cast<int64_t>(i) + 1)) <= 2);
}

TEST_CASE("change points: a spike is no change, however large, nor are a few in a row") {
  std::vector<double> values = quiet(60);
  values[30] += 1e6;
  CHECK(find(values).change_points.empty());
  CHECK(find(values).kind.shape == SeriesShape::spikes);
  CHECK(find(values).kind.spikes == std::vector<int64_t>{30});
  for (size_t i = 31; i < 34; ++i) values[i] += 40;
  CHECK(find(values).change_points.empty());
  CHECK(find(values).kind.spikes == std::vector<int64_t>{30, 31, 32, 33});
  for (size_t i = 34; i < 60; ++i) values[i] += 40;
  CHECK(indices(find(values)) == std::vector<int64_t>{30});
}

TEST_CASE("change points: a series with two modes is told as such, in short turns and in long ones") {
  CHECK(how_many(100, [](int64_t seed) {
          const SeriesFindings findings = find(noise::series(noise::Kind::bimodal, 100, seed));
          return findings.kind.shape == SeriesShape::two_modes &&
                 findings.kind.modes->high - findings.kind.modes->low > 9 &&
                 findings.kind.modes->high - findings.kind.modes->low < 11;
        }) >= 98);
  CHECK(how_many(100, [](int64_t seed) {
          std::vector<double> values = quiet(100, seed);
          noise::Source source(seed + 1000);
          bool high = false;
          for (double& value : values) {
            if (source.uniform() < 0.1) high = !high;
            value += high ? 10 : 0;
          }
          const SeriesFindings findings = find(values);
          return findings.kind.shape == SeriesShape::two_modes && findings.change_points.size() < 3;
        }) >= 93);
}

TEST_CASE("change points: a series with two modes may change all the same") {
  std::vector<double> values = quiet(100);
  noise::Source source(5);
  for (size_t i = 0; i < values.size(); ++i) values[i] += source.uniform() < (i < 50 ? 0.1 : 0.9) ? 10 : 0;
  const SeriesFindings findings = find(values);
  CHECK(findings.kind.shape == SeriesShape::two_modes);
  REQUIRE(findings.change_points.size() == 1);
  CHECK(std::abs(findings.change_points[0].index - 50) <= 5);
}

TEST_CASE("change points: a drift is no step, and steps are no drift") {
  CHECK(how_many(100, [](int64_t seed) {
          std::vector<double> values = quiet(100, seed);
          for (size_t i = 0; i < values.size(); ++i) values[i] += 0.1 * static_cast<double>(i);
          const SeriesFindings findings = find(values);
          return findings.kind.shape == SeriesShape::drift && findings.change_points.empty() &&
                 std::abs(findings.kind.drift_per_point - 0.1) < 0.02;
        }) >= 97);
  CHECK(how_many(100, [](int64_t seed) {
          std::vector<double> values = quiet(150, seed);
          for (size_t i = 0; i < values.size(); ++i) values[i] += 3 * static_cast<double>(i / 50);
          return find(values).kind.shape == SeriesShape::level_shift && indices(find(values)).size() == 2;
        }) >= 93);
}

TEST_CASE("change points: a change that goes away again is two changes, in a long history too") {
  std::vector<double> values = quiet(250);
  for (size_t i = 100; i < 115; ++i) values[i] += 5;
  const std::vector<int64_t> found = indices(find(values));
  REQUIRE(found.size() == 2);
  CHECK(std::abs(found[0] - 100) <= 1);
  CHECK(std::abs(found[1] - 115) <= 1);
}

TEST_CASE("change points: none is told before the minimum segment is full") {
  std::vector<double> values = quiet(64);
  for (size_t i = 60; i < values.size(); ++i) values[i] += 20;
  CHECK(find(values).change_points.empty());
  values.push_back(120);
  CHECK(indices(find(values)) == std::vector<int64_t>{60});
  ChangePointCriteria criteria;
  criteria.minimum_segment = 8;
  CHECK(find(values, criteria).change_points.empty());
  for (int i = 0; i < 3; ++i) values.push_back(120);
  CHECK(indices(find(values, criteria)) == std::vector<int64_t>{60});
  CHECK(find(quiet(9)).kind.shape == SeriesShape::too_short);
  CHECK(find({}).kind.shape == SeriesShape::too_short);
}

TEST_CASE("change points: a change below the minimum magnitude is none") {
  const std::vector<double> values = noise::with_step(40, 40, 4, 1);  // 4 %
  ChangePointCriteria criteria;
  criteria.minimum_magnitude = 0.03;
  CHECK(find(values, criteria).change_points.size() == 1);
  criteria.minimum_magnitude = 0.05;
  CHECK(find(values, criteria).change_points.empty());
  CHECK(find(values, criteria).kind.shape == SeriesShape::steady);
}

TEST_CASE("change points: points that were measured badly weigh less") {
  std::vector<HistoryPoint> history = points(quiet(46, 2));
  for (size_t i = 40; i < history.size(); ++i) history[i].value += 4;
  CHECK(find_change_points(history).change_points.size() == 1);
  for (size_t i = 40; i < history.size(); ++i) history[i].standard_error = 6;
  CHECK(find_change_points(history).change_points.empty());
  for (HistoryPoint& point : history) point.standard_error = 0.5;  // all alike: as if none
  CHECK(find_change_points(history).change_points.size() == 1);
}

TEST_CASE("change points: the error of a point comes from all raw samples") {
  const std::vector<double> even = {10, 10, 10, 10, 10, 10, 10, 10}, wide = {2, 4, 6, 8, 12, 14, 16, 18};
  CHECK(history_point(10, median_interval(even)).value == 10);
  CHECK(history_point(10, median_interval(even)).standard_error == 0);
  CHECK(history_point(10, median_interval(wide)).standard_error > 2);
}

TEST_CASE("change points: numbers without noise change exactly where they change") {
  std::vector<double> values(40, 97.8);
  CHECK(find(values).kind.shape == SeriesShape::steady);
  for (size_t i = 33; i < values.size(); ++i) values[i] = 97.7;
  const SeriesFindings findings = find(values);
  REQUIRE(indices(findings) == std::vector<int64_t>{33});
  CHECK(findings.change_points[0].before == 97.8);
  CHECK(findings.change_points[0].after == 97.7);
}

TEST_CASE("change points: unit and sign of the values do not matter") {
  const std::vector<double> values = noise::with_step(40, 25, 2, 4);
  const std::vector<int64_t> found = indices(find(values));
  REQUIRE(found.size() == 1);
  for (const double factor : {1e-9, -1.0, 1e9}) {
    std::vector<double> other = values;
    for (double& value : other) value *= factor;
    CHECK(indices(find(other)) == found);
  }
}

TEST_CASE("change points: correlated noise with a real change") {
  CHECK(how_many(100, [](int64_t seed) {
          std::vector<double> values = noise::series(noise::Kind::correlated, 100, seed);
          for (size_t i = 50; i < values.size(); ++i) values[i] += 4;
          const std::vector<int64_t> found = indices(find(values));
          return found.size() == 1 && std::abs(found[0] - 50) <= 2;
        }) >= 93);
}

TEST_CASE("change points: what is no number is refused") {
  GrowingHistory history;
  CHECK_THROWS_AS(history.append({std::nan(""), 0}), std::invalid_argument);
  CHECK_THROWS_AS(history.append({std::numeric_limits<double>::infinity(), 0}), std::invalid_argument);
  CHECK_THROWS_AS(history.append({1, -1}), std::invalid_argument);
  history.append({1, 0});
  CHECK(history.findings().change_points.empty());
}

TEST_CASE("change points: the p-value of a step counts all positions") {
  // Of sequences without a step, about the share p have a step with a p-value below p.
  const std::vector<double> equal(50, 1);
  const int64_t below = how_many(2000, [&](int64_t seed) {
    return most_likely_step(rank_scores(quiet(50, seed)), equal, 5, 1).p_value < 0.05;
  });
  CHECK(below >= 60);
  CHECK(below <= 120);
}
