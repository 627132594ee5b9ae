#include "harness/noise.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <hwloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bitsweep {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// /proc/stat counts whole ticks a core, so short spans are known to a tick or two only; the doubt counts for
/// quiet.
const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));

std::set<int> cores_in(const std::string& core_set) {
  std::set<int> cores;
  hwloc_bitmap_t bitmap = hwloc_bitmap_alloc();
  hwloc_bitmap_list_sscanf(bitmap, core_set.c_str());
  for (int core = hwloc_bitmap_first(bitmap); core >= 0; core = hwloc_bitmap_next(bitmap, core))
    cores.insert(core);
  hwloc_bitmap_free(bitmap);
  return cores;
}

/// Adds the lines "cpuN user nice system idle iowait irq softirq steal ..." of /proc/stat, in ticks.
/// Source: proc(5).
void add_core_times(SystemCounts& counts, const std::set<int>& cores, const std::string& root) {
  std::ifstream file(root + "/proc/stat");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name.size() < 4 || !name.starts_with("cpu") || cores.count(std::atoi(name.c_str() + 3)) == 0)
      continue;
    double user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, interrupts = 0, soft_interrupts = 0,
           steal = 0;
    words >> user >> nice >> system >> idle >> io_wait >> interrupts >> soft_interrupts >> steal;
    counts.busy_s += tick_s * (user + nice + system + interrupts + soft_interrupts);
    counts.stolen_s += tick_s * steal;
  }
}

int64_t number_in(const fs::path& path) {
  std::ifstream file(path);
  int64_t number = 0;
  return file >> number ? number : 0;
}

/// The value of "nr_throttled N" in a cgroup's cpu.stat.
int64_t times_throttled_by_quota(const std::string& root) {
  std::ifstream file(root + "/sys/fs/cgroup/cpu.stat");
  std::string name;
  for (int64_t value = 0; file >> name >> value;)
    if (name == "nr_throttled") return value;
  return 0;
}

/// /proc/cpuinfo's "cpu MHz" is the clock at this moment where the machine tells it; a hypervisor's guest
/// gets a constant. cpufreq's is used where there is one.
double mean_clock_mhz(const std::set<int>& cores, const std::string& root) {
  double sum = 0;
  int count = 0;
  for (const int core : cores) {
    const int64_t khz =
        number_in(fmt::format("{}/sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq", root, core));
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
  const std::set<int> cores = cores_in(core_set);
  SystemCounts counts;
  counts.sentinel_ns = sentinel_ns();
  counts.clock_mhz = mean_clock_mhz(cores, root);
  counts.throttled = times_throttled_by_quota(root);
  for (const int core : cores)
    counts.throttled += number_in(
        fmt::format("{}/sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", root, core));
  add_core_times(counts, cores, root);
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
