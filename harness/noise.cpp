#include "harness/noise.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

/// /proc/stat counts whole ticks a core, so short spans are known to a tick or two only; the doubt counts for
/// quiet.
const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));

int64_t number_in(const Sight& sight, const std::string& path) {
  return std::atoll(sight.line(path).value_or("0").c_str());
}

/// The value of "nr_throttled N" in a cgroup's cpu.stat.
int64_t times_throttled_by_quota(const Sight& sight) {
  constexpr std::string_view name = "nr_throttled ";
  for (const std::string& line : sight.lines("sys/fs/cgroup/cpu.stat"))
    if (line.starts_with(name)) return std::atoll(line.c_str() + name.size());
  return 0;
}

/// By cpufreq; /proc/cpuinfo gives a constant to a hypervisor's guest.
double mean_clock_mhz(const Sight& sight, const CoreSet& cores) {
  double sum = 0;
  int count = 0;
  for (const int core : cores) {
    const int64_t khz =
        number_in(sight, fmt::format("sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq", core));
    if (khz > 0) sum += static_cast<double>(khz) / 1000, ++count;
  }
  return count > 0 ? sum / count : 0;
}

double own_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A chain of multiplications, each waiting for the one before: its time follows the core's clock, and
/// nothing of the caches or of memory.
double sentinel_ns() {
  constexpr int links = 500'000, repetitions = 5;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repetitions; ++i) {
    const Clock::time_point begin = Clock::now();
    uint64_t value = 0x9E3779B97F4A7C15;
    for (int link = 0; link < links; ++link) {
      value *= 0xD1342543DE82EF95;
      asm volatile("" : "+r"(value));  // else the compiler multiplies the constants itself
    }
    best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  }
  return best;
}

double drift(double before, double after) {
  return before > 0 && after > 0 ? std::abs(after / before - 1) : 0;
}

struct Limit {
  double (*of)(const Noise&);
  double most;
  const char* reason;  ///< the value in percent goes in
};

const Limit limits[] = {
    {[](const Noise& noise) { return noise.stolen_share; }, 0.01,
     "the hypervisor took {:.1f} % of the cores' time"},
    {[](const Noise& noise) { return noise.others_share; }, 0.03,
     "other processes took {:.1f} % of the cores' time"},
    {[](const Noise& noise) { return drift(noise.clock_before_mhz, noise.clock_after_mhz); }, 0.02,
     "the clock changed by {:.1f} %"},
    {[](const Noise& noise) { return drift(noise.sentinel_before_ns, noise.sentinel_after_ns); }, 0.03,
     "the same arithmetic took {:.1f} % more or less time after than before"},
};

}  // namespace

SystemCounts system_counts(const std::string& core_set, const std::string& root) {
  const Sight sight(root);
  const CoreSet cores = parse_core_set(core_set);
  SystemCounts counts;
  counts.sentinel_ns = sentinel_ns();
  counts.clock_mhz = mean_clock_mhz(sight, cores);
  counts.throttled = times_throttled_by_quota(sight);
  for (const int core : cores)
    counts.throttled += number_in(
        sight, fmt::format("sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", core));
  const CpuTimes times = cpu_times(sight, cores);
  counts.busy_s = tick_s * static_cast<double>(times.busy);
  counts.stolen_s = tick_s * static_cast<double>(times.stolen);
  counts.own_s = own_seconds();
  counts.wall_s = std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  return counts;
}

Noise noise_between(const SystemCounts& before, const SystemCounts& after, int cores) {
  Noise noise;
  const double available = (after.wall_s - before.wall_s) * cores;
  if (available > 0) {
    const double others = after.busy_s - before.busy_s - (after.own_s - before.own_s) - 2 * cores * tick_s;
    noise.stolen_share = std::max(0.0, after.stolen_s - before.stolen_s - cores * tick_s) / available;
    noise.others_share = std::max(0.0, others) / available;
  }
  noise.clock_before_mhz = before.clock_mhz, noise.clock_after_mhz = after.clock_mhz;
  noise.sentinel_before_ns = before.sentinel_ns, noise.sentinel_after_ns = after.sentinel_ns;
  noise.throttled = after.throttled - before.throttled;
  return noise;
}

std::vector<std::string> disturbances(const Noise& noise) {
  std::vector<std::string> reasons;
  for (const Limit& limit : limits)
    if (const double value = limit.of(noise); value > limit.most)
      reasons.push_back(fmt::format(fmt::runtime(limit.reason), 100 * value));
  if (noise.throttled > 0)
    reasons.push_back(fmt::format("cores were throttled {} times, by heat or quota", noise.throttled));
  return reasons;
}

double loudness(const Noise& noise) {
  double sum = noise.throttled > 0 ? 1 : 0;
  for (const Limit& limit : limits) sum += limit.of(noise);
  return sum;
}

std::map<std::string, std::string> described(const Noise& noise) {
  const bool clock_known = noise.clock_before_mhz > 0 && noise.clock_after_mhz > 0;
  return {{"steal", fmt::format("{:.2f} %", 100 * noise.stolen_share)},
          {"other_load", fmt::format("{:.2f} %", 100 * noise.others_share)},
          {"clock", clock_known
                        ? fmt::format("{:.0f} to {:.0f} MHz", noise.clock_before_mhz, noise.clock_after_mhz)
                        : "hidden by the machine"},
          {"sentinel",
           fmt::format("{:.0f} to {:.0f} us", noise.sentinel_before_ns / 1e3, noise.sentinel_after_ns / 1e3)},
          {"throttled", std::to_string(noise.throttled)}};
}

}  // namespace bitsweep
