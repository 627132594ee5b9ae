#include "results/moment.h"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

using Seconds = std::chrono::sys_seconds;

Period period(Seconds begin, std::chrono::seconds length) {
  const auto written = [](Seconds at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
  };
  return {written(begin), written(begin + length)};
}

/// A whole number at the front, which is taken off the text.
std::optional<int> take_number(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

/// The two or four digits after `mark`, which are taken off the text.
std::optional<int> take_digits(std::string_view& text, std::string_view mark, size_t digits) {
  if (!text.starts_with(mark) || text.size() < mark.size() + digits) return std::nullopt;
  std::string_view number = text.substr(mark.size(), digits);
  const std::optional<int> value = take_number(number);
  if (!value || !number.empty()) return std::nullopt;
  text.remove_prefix(mark.size() + digits);
  return value;
}

/// "90min", "12h", "30d", "2w": so long before now.
std::optional<Period> ago(std::string_view text, Seconds now) {
  struct Length {
    std::string_view name;
    std::chrono::seconds length;
  };
  static constexpr std::array<Length, 4> lengths = {{{"min", std::chrono::minutes(1)},
                                                     {"h", std::chrono::hours(1)},
                                                     {"d", std::chrono::days(1)},
                                                     {"w", std::chrono::weeks(1)}}};
  constexpr std::chrono::days most(100 * 366);  // keeps the year at four digits
  const std::optional<int> number = take_number(text);
  if (!number) return std::nullopt;
  for (const Length& length : lengths)
    if (text == length.name && *number * length.length <= most)
      return period(now - *number * length.length, std::chrono::seconds(1));
  return std::nullopt;
}

/// "2026-11-25", "2026-11-25T06:30", "2026-11-25T06:30:15", with or without a Z.
std::optional<Period> on_calendar(std::string_view text) {
  const auto year = take_digits(text, "", 4), month = take_digits(text, "-", 2),
             day = take_digits(text, "-", 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const Seconds midnight = std::chrono::sys_days(date);
  if (text.empty()) return period(midnight, std::chrono::days(1));
  const auto hour = take_digits(text, "T", 2), minute = take_digits(text, ":", 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  const Seconds at = midnight + std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (text.empty() || text == "Z") return period(at, std::chrono::minutes(1));
  const auto second = take_digits(text, ":", 2);
  if (!second || *second > 59 || !(text.empty() || text == "Z")) return std::nullopt;
  return period(at + std::chrono::seconds(*second), std::chrono::seconds(1));
}

}  // namespace

Period parse_moment(std::string_view text, std::chrono::system_clock::time_point now) {
  if (const auto found = on_calendar(text)) return *found;
  if (const auto found = ago(text, std::chrono::floor<std::chrono::seconds>(now))) return *found;
  throw Error(
      fmt::format("'{}' is no time; right is so long ago (90min, 12h, 30d, 2w), a day such as 2026-11-25, or "
                  "2026-11-25T06:30 (UTC)",
                  text));
}

}  // namespace bitsweep
