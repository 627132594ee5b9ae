#include "results/site/trend.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Sessions 1, 2, ... with these latencies; NaN: the run failed.
Trend trend_of(const std::vector<double>& latencies) {
  Trend trend;
  trend.key = "0123456789abcdef";
  trend.units.resize(trend_columns().size());
  trend.units[trend_column("latency_p50")] = {"ns", Direction::lower_is_better};
  for (const double latency : latencies) {
    TrendPoint point;
    point.session = static_cast<int64_t>(trend.points.size()) + 1;
    point.machine = 3;
    point.software = point.session > 2 ? 5 : 4;
    point.outcome = std::isnan(latency) ? Outcome::failed : Outcome::ok;
    std::vector<double> values(trend_columns().size(), none);
    values[trend_column("latency_p50")] = latency;
    add_point(trend, point, values);
  }
  find_changes(trend);
  return trend;
}

}  // namespace

TEST_CASE("trend: it is read back as it was written") {
  std::vector<double> latencies;
  for (int i = 0; i < 40; ++i) latencies.push_back((i < 20 ? 1e6 : 1.2e6) + 1000 * (i * 7 % 10) + 0.125);
  latencies[7] = none;
  const Trend trend = trend_of(latencies);
  const size_t column = trend_column("latency_p50");
  REQUIRE(trend.changes[column].size() == 1);
  CHECK(trend.changes[column][0].point == 20);
  const std::string script = to_script(trend);
  const Trend again = read_trend(script);
  CHECK(to_script(again) == script);
  CHECK(again.points[7].outcome == Outcome::failed);
  CHECK(again.points[39].software == 5);
  CHECK(again.values[column][39] == latencies[39]);
  CHECK(std::isnan(again.values[column][7]));
}

TEST_CASE("trend: a column that never changes is one number") {
  const std::string script = to_script(trend_of({5, 5, 5}));
  CHECK_THAT(script, ContainsSubstring("[[5]]"));
  CHECK(read_trend(script).values[trend_column("latency_p50")] == std::vector<double>{5, 5, 5});
  CHECK(read_trend(to_script(trend_of({none, none}))).points.size() == 2);
}

TEST_CASE("trend: what is cut off or changed is no trend") {
  const std::string script = to_script(trend_of({1, 2, 3}));
  for (size_t end = 0; end + 4 < script.size(); end += 7) CHECK_THROWS(read_trend(script.substr(0, end)));
  CHECK_THROWS(read_trend("alert(1);\n"));
  std::string longer = script;
  longer.replace(longer.find("[1,2,3]]"), 8, "[1,2,3,4]]");
  CHECK_THROWS(read_trend(longer));
}

TEST_CASE("trend: points are sorted by their sessions' places") {
  Trend trend = trend_of({1, 2, 3});
  sort_points(trend, [](int64_t session) { return session == 3 ? size_t{0} : static_cast<size_t>(session); });
  CHECK(trend.points[0].session == 3);
  CHECK(trend.values[trend_column("latency_p50")] == std::vector<double>{3, 1, 2});
}

TEST_CASE("trend: keys are letters and digits, whatever names are") {
  const std::string key = trend_key("../<x>", "class");
  CHECK(key.find_first_not_of("0123456789abcdef") == key.npos);
  CHECK(key != trend_key("../<x>", "other class"));
}
