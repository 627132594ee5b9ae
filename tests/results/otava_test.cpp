#include "results/otava.h"

#include <cmath>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "results/student.h"
#include "tests/catch.h"
#include "tests/places.h"

using namespace bitsweep;
using nlohmann::json;

namespace {

std::vector<std::optional<double>> values_of(const json& list) {
  std::vector<std::optional<double>> values;
  for (const json& value : list)
    values.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
  return values;
}

}  // namespace

TEST_CASE("otava: the compatible mode gives what Apache Otava gave, to the figures") {
  // Written by scripts/benchmark-change-points --approve.
  std::ifstream file(source_dir() + "/tests/approved/results/otava.json");
  const json approved = json::parse(file);
  CHECK(approved["otava"] == "0.8.0");
  size_t changes = 0;
  for (const json& one : approved["cases"]) {
    INFO(one.dump());
    const OtavaOptions options{one["window"], one["maximum_p_value"], one["minimum_magnitude"]};
    const auto found = find_change_points_as_otava(values_of(one["values"]), options);
    REQUIRE(found.size() == one["found"].size());
    for (size_t i = 0; i < found.size(); ++i) {
      const json& expected = one["found"][i];
      CHECK(found[i].index == expected["index"]);
      CHECK(found[i].before == Approx(expected["before"].get<double>()).epsilon(1e-12));
      CHECK(found[i].after == Approx(expected["after"].get<double>()).epsilon(1e-12));
      CHECK(found[i].p_value == Approx(expected["p_value"].get<double>()).epsilon(1e-8).margin(1e-30));
      ++changes;
    }
  }
  CHECK(approved["cases"].size() >= 20);
  CHECK(changes >= 50);
}

TEST_CASE("otava: no values, missing values only, and a window too small") {
  CHECK(find_change_points_as_otava({}).empty());
  CHECK(find_change_points_as_otava({std::nullopt, std::nullopt}).empty());
  CHECK_THROWS_WITH(find_change_points_as_otava({1.0}, {1, 0.001, 0}),
                    ContainsSubstring("right is 2 or more"));
}

TEST_CASE("otava: Student's t has the quantiles of the tables") {
  CHECK(two_sided_chance(12.706204736, 1) == Approx(0.05).epsilon(1e-8));
  CHECK(two_sided_chance(-2.228138852, 10) == Approx(0.05).epsilon(1e-8));
  CHECK(two_sided_chance(3.290526731, 1e9) == Approx(0.001).epsilon(1e-6));
  CHECK(two_sided_chance(0, 5) == 1);
  CHECK(two_sided_chance(std::numeric_limits<double>::infinity(), 5) == 0);
  CHECK(std::isnan(two_sided_chance(std::nan(""), 5)));
}
