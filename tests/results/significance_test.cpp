#include "results/significance.h"

#include <cmath>
#include <random>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

using List = std::vector<double>;

/// `count` values around `center` with this relative spread, drawn with a fixed seed.
List around(double center, double spread, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, spread);
  List values;
  for (size_t i = 0; i < count; ++i) values.push_back(center * std::exp(normal(random)));
  return values;
}

double p(const List& a, const List& b) {
  return mann_whitney(a, b).p;
}

}  // namespace

// The expected p-values are those of scipy.stats.mannwhitneyu(b, a), SciPy 1.17.1, its defaults.
TEST_CASE("significance: Mann-Whitney gives the p-values of SciPy, exact for few values") {
  CHECK(p({10.1, 10.4, 9.9, 10.2, 10.3, 10.0}, {10.5, 10.6, 10.35, 10.7, 10.25, 10.8, 10.9}) ==
        Approx(0.008158508158508158));
  CHECK(p({7, 8, 9, 10, 11, 12}, {1, 2, 3, 4, 5, 6}) == Approx(0.0021645021645021645));
  CHECK(p({1, 2, 3}, {4, 5, 6, 7}) == Approx(0.05714285714285714));
  CHECK(p({1, 4, 6}, {2, 3, 5, 7}) == Approx(0.8571428571428571));
}

TEST_CASE("significance: Mann-Whitney gives the p-values of SciPy, approximate for ties and many values") {
  CHECK(p({1, 2, 2, 3, 3, 3, 4, 5, 6, 7}, {3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12}) ==
        Approx(0.004839587148741183));
  List a, b;
  for (int i = 0; i < 20; ++i) {
    a.push_back(i + 1);
    b.push_back(i + 3.5);
  }
  CHECK(p(a, b) == Approx(0.20845355458876536));
  CHECK(p(b, a) == Approx(0.20845355458876536));
}

TEST_CASE("significance: equal lists do not differ, whatever their length") {
  CHECK(p({1}, {1}) == 1);
  CHECK(p({5, 5, 5, 5}, {5, 5, 5}) == 1);
  CHECK_THROWS_AS(p({}, {1}), std::invalid_argument);
}

TEST_CASE("significance: Cliff's delta counts the pairs") {
  CHECK(mann_whitney(List{1, 2, 3}, List{4, 5}).delta == 1);
  CHECK(mann_whitney(List{4, 5}, List{1, 2, 3}).delta == -1);
  // Of 6 pairs b is above in 3, below in 2, and 1 is a tie.
  CHECK(mann_whitney(List{1, 2, 3}, List{2, 2.5}).delta == Approx((3. - 2) / 6));
}

// The example of section 4.1 of Benjamini & Hochberg (1995), where 4 of 15 hypotheses are rejected at 5 %;
// the adjusted values are those of scipy.stats.false_discovery_control, SciPy 1.17.1.
TEST_CASE("significance: Benjamini and Hochberg's own example") {
  const List p = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                  0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
  const List expected = {0.0015, 0.003, 0.0095,     0.035625, 0.0603,     0.06385714, 0.06385714, 0.0645,
                         0.0765, 0.486, 0.58118182, 0.714875, 0.75323077, 0.81321429, 1.0};
  const List adjusted = benjamini_hochberg(p);
  for (size_t i = 0; i < p.size(); ++i) CHECK(adjusted[i] == Approx(expected[i]));
  CHECK(std::count_if(adjusted.begin(), adjusted.end(), [](double one) { return one <= 0.05; }) == 4);
  CHECK(benjamini_hochberg(List{0.04, 0.01}) == List{0.04, 0.02});  // in the order given
  CHECK(benjamini_hochberg({}).empty());
}

TEST_CASE("significance: of a hundred tests of equal things the correction leaves few or none") {
  List p;
  for (uint64_t i = 0; i < 100; ++i)
    p.push_back(mann_whitney(around(100, 0.02, 30, 2 * i), around(100, 0.02, 30, 2 * i + 1)).p);
  const auto below = [](const List& list) {
    return std::count_if(list.begin(), list.end(), [](double one) { return one <= 0.05; });
  };
  CHECK(below(p) > 0);  // as chance has it: about 5
  CHECK(below(p) < 15);
  CHECK(below(benjamini_hochberg(p)) == 0);
}

// 56 of 70 and 48 of 80: Newcombe (1998), table II, example (a), method 10; the p-value is that of
// scipy.stats.chi2_contingency without correction, SciPy 1.17.1.
TEST_CASE("significance: two shares have the p-value of SciPy and the interval of Newcombe") {
  CHECK(two_proportions(48. / 80, 80, 56. / 70, 70) == Approx(0.008045081368196568));
  CHECK(two_proportions(0.9248, 10000, 0.9150, 10000) == Approx(0.010684691863778607));
  const Interval interval = share_difference(48. / 80, 80, 56. / 70, 70);
  CHECK(interval.low == Approx(0.0524).margin(5e-5));
  CHECK(interval.high == Approx(0.3339).margin(5e-5));
  CHECK(two_proportions(1, 100, 1, 100) == 1);
  CHECK_THROWS_AS(two_proportions(0.5, 0, 0.5, 1), std::invalid_argument);
}

TEST_CASE("significance: groups are consecutive, and of nearly equal size") {
  const std::vector<int64_t> samples = {1, 2, 3, 10, 20, 30, 100, 200};
  CHECK(group_medians(samples, 4) == List{1.5, 6.5, 25, 150});
  CHECK(group_medians(samples, 3) == List{1.5, 10, 100});
  CHECK(group_medians(samples, 1) == List{15});
  CHECK(group_medians(samples, 99).size() == 8);
  CHECK(group_medians(samples, 0) == List{15});
  CHECK(group_medians({}, 5).empty());
}

TEST_CASE("significance: the ratio's interval holds a planted ratio, and 1 where nothing was planted") {
  int missed = 0, told = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const List a = around(100, 0.03, 40, 2 * seed), b = around(100, 0.03, 50, 2 * seed + 1);
    List slower = b;
    for (double& value : slower) value *= 1.05;
    const Ratio planted = independent_ratio(a, slower), none = independent_ratio(a, b);
    missed += planted.interval.low > 1.05 || planted.interval.high < 1.05 ? 1 : 0;
    told += none.interval.low > 1 || none.interval.high < 1 ? 1 : 0;
    CHECK(planted.value == Approx(1.05 * none.value));
  }
  CHECK(missed <= 4);  // 1 is expected at 99 %
  CHECK(told <= 4);
}

TEST_CASE("significance: a ratio repeats to the bit, and a few values tell nothing") {
  const List a = around(100, 0.03, 40, 1), b = around(100, 0.03, 50, 2);
  CHECK(independent_ratio(a, b).interval.low == independent_ratio(a, b).interval.low);
  const Ratio few = independent_ratio(List{1, 1, 1, 1, 1}, List{2, 2, 2, 2, 2, 2});
  CHECK(few.value == Approx(2));
  CHECK(few.interval.low == 0);
  CHECK(std::isinf(few.interval.high));
  CHECK_THROWS_AS(independent_ratio({}, b), std::invalid_argument);
}

TEST_CASE("significance: McNemar's mid-p-value is that of the literature, and of equal answers 1") {
  const auto answers = [](int64_t lost, int64_t gained, bool after) {
    std::vector<bool> right(100, true);
    for (int64_t i = 0; i < lost + gained; ++i) right[static_cast<size_t>(i)] = (i < lost) != after;
    return right;
  };
  // Fagerland, Lydersen & Laake (2013), table 1 (1 and 7 of 21 pairs): exact 0.0703, mid-p 0.0391.
  const PairedShares pairs = mcnemar(answers(7, 1, false), answers(7, 1, true));
  CHECK(pairs.lost == 7);
  CHECK(pairs.gained == 1);
  CHECK(pairs.p == Approx(0.0391).margin(0.0001));
  CHECK(pairs.difference.low < -0.06);
  CHECK(pairs.difference.high > -0.06);
  CHECK(mcnemar(answers(1, 7, false), answers(1, 7, true)).p == pairs.p);
  CHECK(mcnemar(answers(5, 5, false), answers(5, 5, true)).p == 1);
  CHECK(mcnemar(answers(0, 0, false), answers(0, 0, true)).p == 1);
  CHECK_THROWS_AS(mcnemar({}, {}), std::invalid_argument);
  CHECK_THROWS_AS(mcnemar({true}, {true, false}), std::invalid_argument);
}
