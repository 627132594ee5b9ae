#include "harness/clock.h"

#include <chrono>

#include <fmt/chrono.h>

namespace bitsweep {

std::string utc_now() {
  using std::chrono::system_clock;
  const system_clock::time_point now = system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(now)), milliseconds);
}

}  // namespace bitsweep
