#include "results/site/curve.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Sessions 1, 2, ... with these latencies; NaN: the run failed.
Curve curve_of(const std::vector<double>& latencies) {
  Curve curve;
  curve.key = "0123456789abcdef";
  curve.units.resize(curve_columns().size());
  curve.units[curve_column("latency_p50")] = {"ns", Direction::lower_is_better};
  for (const double latency : latencies) {
    CurvePoint point;
    point.session = static_cast<int64_t>(curve.points.size()) + 1;
    point.machine = 3;
    point.software = point.session > 2 ? 5 : 4;
    point.outcome = std::isnan(latency) ? Outcome::failed : Outcome::ok;
    std::vector<double> values(curve_columns().size(), none);
    values[curve_column("latency_p50")] = latency;
    add_point(curve, point, values);
  }
  find_changes(curve);
  return curve;
}

}  // namespace

TEST_CASE("curve: it is read back as it was written") {
  std::vector<double> latencies;
  for (int i = 0; i < 40; ++i) latencies.push_back((i < 20 ? 1e6 : 1.2e6) + 1000 * (i * 7 % 10) + 0.125);
  latencies[7] = none;
  const Curve curve = curve_of(latencies);
  const size_t column = curve_column("latency_p50");
  REQUIRE(curve.changes[column].size() == 1);
  CHECK(curve.changes[column][0].point == 20);
  const std::string script = to_script(curve);
  const Curve again = read_curve(script);
  CHECK(to_script(again) == script);
  CHECK(again.points[7].outcome == Outcome::failed);
  CHECK(again.points[39].software == 5);
  CHECK(again.values[column][39] == latencies[39]);
  CHECK(std::isnan(again.values[column][7]));
}

TEST_CASE("curve: a column that never changes is one number") {
  const std::string script = to_script(curve_of({5, 5, 5}));
  CHECK_THAT(script, ContainsSubstring("[[5]]"));
  CHECK(read_curve(script).values[curve_column("latency_p50")] == std::vector<double>{5, 5, 5});
  CHECK(read_curve(to_script(curve_of({none, none}))).points.size() == 2);
}

TEST_CASE("curve: what is cut off or changed is no curve") {
  const std::string script = to_script(curve_of({1, 2, 3}));
  for (size_t end = 0; end + 4 < script.size(); end += 7) CHECK_THROWS(read_curve(script.substr(0, end)));
  CHECK_THROWS(read_curve("alert(1);\n"));
  std::string longer = script;
  longer.replace(longer.find("[1,2,3]]"), 8, "[1,2,3,4]]");
  CHECK_THROWS(read_curve(longer));
}

TEST_CASE("curve: points are sorted by their sessions' places") {
  Curve curve = curve_of({1, 2, 3});
  sort_points(curve, [](int64_t session) { return session == 3 ? size_t{0} : static_cast<size_t>(session); });
  CHECK(curve.points[0].session == 3);
  CHECK(curve.values[curve_column("latency_p50")] == std::vector<double>{3, 1, 2});
}

TEST_CASE("curve: keys are letters and digits, whatever names are") {
  const std::string key = series_key("../<x>", "class");
  CHECK(key.find_first_not_of("0123456789abcdef") == key.npos);
  CHECK(key != series_key("../<x>", "other class"));
}
