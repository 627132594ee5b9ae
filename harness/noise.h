// What else went on while it was measured.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bitsweep {

/// What the system had counted by one moment. Times are in seconds of a core.
struct SystemCounts {
  double wall_s = 0;
  double busy_s = 0;       ///< of the cores given, by anyone
  double stolen_s = 0;     ///< of these cores, by other guests of the hypervisor
  double own_s = 0;        ///< by this process
  int64_t throttled = 0;   ///< times that a core was slowed down by heat, or this cgroup by its quota
  double clock_mhz = 0;    ///< mean of these cores, at this moment; 0: the machine hides it
  double sentinel_ns = 0;  ///< a fixed piece of arithmetic; the best of a few
};

/// Looks at the cores `core_set` (e.g. "0-3,8"). `root` is where proc and sys are looked for: another one in
/// tests. Takes about 10 ms, for the sentinel.
SystemCounts system_counts(const std::string& core_set, const std::string& root = "/");

/// What lay between two moments.
struct Noise {
  double stolen_share = 0;  ///< of the cores' time
  double others_share = 0;  ///< of the cores' time, by other processes
  double clock_before_mhz = 0, clock_after_mhz = 0;
  double sentinel_before_ns = 0, sentinel_after_ns = 0;
  int64_t throttled = 0;
};

Noise noise_between(const SystemCounts& before, const SystemCounts& after, int cores);

/// Why a measurement cannot be taken as undisturbed, one reason an entry; empty if it can. The limits are a
/// table in the .cpp.
std::vector<std::string> disturbances(const Noise& noise);

/// One number to choose the quieter of two by: shares of time lost and drifts, added.
double loudness(const Noise& noise);

/// As it is kept with a result: name → value in words.
std::map<std::string, std::string> described(const Noise& noise);

}  // namespace bitsweep
