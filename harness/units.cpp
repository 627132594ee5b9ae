#include "harness/units.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

struct Suffix {
  std::string text;
  double factor;
};

/// How the quantities of a unit are written and what they may be.
struct Writing {
  Unit unit;
  std::string right;  ///< completes "'x' is not ..."
  std::vector<Suffix> suffixes;
  double least;
  bool least_allowed;
  double most;  ///< inclusive; keeps counts and sizes exact in a double and out of overflow
  bool whole;
};

const Writing& writing(Unit unit) {
  constexpr double kibi = 1024;
  static const std::vector<Writing> table = {
      {Unit::count, "a whole number; right is 0 or more, such as 3", {{"", 1}}, 0, true, 1e9, true},
      {Unit::positive_count,
       "a whole number above 0; right is 1 or more, such as 30",
       {{"", 1}},
       1,
       true,
       1e9,
       true},
      {Unit::duration,
       "a duration; right is a number above 0 with ms, s, min or h, such as 20s",
       {{"ms", 1e-3}, {"min", 60}, {"s", 1}, {"h", 3600}},
       0,
       false,
       1e9,
       false},
      {Unit::share,
       "a percentage; right is above 0% and below 100%, such as 1%",
       {{"%", 0.01}},
       0,
       false,
       0.999999,
       false},
      {Unit::size,
       "a size; right is a number above 0 with B, KiB, MiB, GiB or TiB, such as 8GiB",
       {{"KiB", kibi},
        {"MiB", kibi * kibi},
        {"GiB", kibi * kibi * kibi},
        {"TiB", kibi * kibi * kibi * kibi},
        {"B", 1}},
       1,
       true,
       0x1p53,
       false},
  };
  for (const Writing& entry : table)
    if (entry.unit == unit) return entry;
  throw std::logic_error("a unit is missing in its table");
}

/// The number before `suffix`; nothing if the text is not one number and that suffix.
std::optional<double> number_before(std::string_view suffix, std::string_view text) {
  if (!text.ends_with(suffix)) return std::nullopt;
  const char* const end = text.data() + text.size() - suffix.size();
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

double parse_quantity(std::string_view text, Unit unit) {
  const Writing& right = writing(unit);
  for (const Suffix& suffix : right.suffixes) {
    const std::optional<double> number = number_before(suffix.text, text);
    if (!number) continue;
    const double value = *number * suffix.factor;
    const bool enough = right.least_allowed ? value >= right.least : value > right.least;
    if (enough && value <= right.most && (!right.whole || value == std::floor(value))) return value;
  }
  throw Error(fmt::format("'{}' is not {}", text, right.right));
}

std::string quantity_pattern(Unit unit) {
  std::vector<std::string> suffixes;
  for (const Suffix& suffix : writing(unit).suffixes) suffixes.push_back(suffix.text);
  return fmt::format("^[0-9]+(\\.[0-9]+)?({})$", fmt::join(suffixes, "|"));
}

Threshold parse_threshold(std::string_view text, bool share) {
  const std::optional<double> percent = number_before("%", text);
  if (percent && *percent > 0) return {*percent / 100, false};
  const std::optional<double> points = number_before("pp", text);
  if (points && *points > 0 && share) return {*points, true};
  throw Error(fmt::format("'{}' is not a threshold; right is {}", text,
                          share ? "percentage points such as 0.5pp, or a relative change such as 3%"
                                : "a relative change above 0% such as 3%"));
}

}  // namespace bitsweep
