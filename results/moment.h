// Points in time as people type them: "30d" ago, "2026-11-25", "2026-11-25T06:30".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace bitsweep {

/// A span of time, UTC, ISO 8601 to the second. Without the final Z it compares as text with stored times, be
/// they "06Z" or "06.254Z".
struct Period {
  std::string begin;
  std::string end;  ///< the first second after it
};

/// What was typed: a day, a minute or a second of the calendar (UTC), or the second that lies 90min, 12h,
/// 30d or 2w before `now`. Throws Error, beginning with the text, with what would be right.
Period parse_moment(std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace bitsweep
