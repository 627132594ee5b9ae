// The time of day as text.
#pragma once

#include <string>

namespace bitsweep {

/// Now, in UTC, as ISO 8601 with milliseconds: "2026-11-22T21:04:05.123Z".
std::string utc_now();

}  // namespace bitsweep
