#include "harness/units.h"

#include <regex>

#include "harness/error.h"
#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("units: durations are seconds") {
  CHECK(parse_quantity("500ms", Unit::duration) == Approx(0.5));
  CHECK(parse_quantity("20s", Unit::duration) == 20);
  CHECK(parse_quantity("1.5min", Unit::duration) == 90);
  CHECK(parse_quantity("2h", Unit::duration) == 7200);
}

TEST_CASE("units: sizes are bytes") {
  CHECK(parse_quantity("1B", Unit::size) == 1);
  CHECK(parse_quantity("4KiB", Unit::size) == 4096);
  CHECK(parse_quantity("0.5MiB", Unit::size) == 524288);
  CHECK(parse_quantity("8GiB", Unit::size) == 8589934592);
  CHECK(parse_quantity("1TiB", Unit::size) == 1099511627776);
}

TEST_CASE("units: percentages are fractions, counts are whole") {
  CHECK(parse_quantity("1%", Unit::share) == Approx(0.01));
  CHECK(parse_quantity("0", Unit::count) == 0);
  CHECK(parse_quantity("30", Unit::positive_count) == 30);
}

TEST_CASE("units: what is written otherwise is refused") {
  for (const char* text : {"", "s", "1", "1e3s", "0x1s", "+1s", " 1s", "1S", "infs", "1e400s", "1,5s"})
    CHECK_THROWS_AS(parse_quantity(text, Unit::duration), Error);
  for (const char* text : {"", "1.5", "1e3", "-1", "99999999999"})
    CHECK_THROWS_AS(parse_quantity(text, Unit::count), Error);
}

TEST_CASE("units: the pattern for the schema takes what the reader takes") {
  const std::regex duration(quantity_pattern(Unit::duration));
  for (const char* text : {"500ms", "1.5min", "2h", "20s"}) CHECK(std::regex_match(text, duration));
  for (const char* text : {"20", "s", "20sec"}) CHECK_FALSE(std::regex_match(text, duration));
}

TEST_CASE("units: a threshold is relative, or in points where the metric is a share") {
  CHECK(parse_threshold("3%", false).value == Approx(0.03));
  CHECK(parse_threshold("0.5pp", true).value == Approx(0.5));
  CHECK(parse_threshold("0.5pp", true).points);
  CHECK_THROWS_AS(parse_threshold("0.5pp", false), Error);
  CHECK_THROWS_AS(parse_threshold("3", true), Error);
}
