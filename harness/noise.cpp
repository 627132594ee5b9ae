#include "harness/noise.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

/// /proc/stat counts whole ticks a core.
const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));

int64_t number_in(const Sight& sight, const std::string& path) {
  return std::atoll(sight.line(path).value_or("0").c_str());
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

/// Multiplications that each wait for the one before: their time follows the core's clock, and nothing of the
/// caches or of memory.
void chain_of_multiplications(int links) {
  uint64_t value = 0x9E3779B97F4A7C15;
  for (int link = 0; link < links; ++link) {
    value *= 0xD1342543DE82EF95;
    asm volatile("" : "+r"(value));  // else the compiler multiplies the constants itself
  }
}

/// The time of such a chain on the first thread, while all others are as busy. All work for a while before:
/// an idle machine's first core is quicker than that of one which has just used all its cores and matrix
/// units (8 to 9 % on a Xeon with AMX), and that is no disturbance.
double sentinel_ns() {
  constexpr int links = 500'000, repetitions = 5;
  constexpr auto settling = std::chrono::milliseconds(30);
  double best = std::numeric_limits<double>::infinity();
  std::atomic<bool> done = false;
#pragma omp parallel
  {
    const Clock::time_point settled = Clock::now() + settling;
    while (Clock::now() < settled) chain_of_multiplications(links / 10);
    if (omp_get_thread_num() == 0) {
      for (int i = 0; i < repetitions; ++i) {
        const Clock::time_point begin = Clock::now();
        chain_of_multiplications(links);
        best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
      }
      done = true;
    }
    while (!done) chain_of_multiplications(links / 10);
  }
  return best;
}

/// What is not known of busy times; it counts for quiet. Two ticks a core, because the kernel's counts are
/// cut to whole ones, user and system apart; and a tick goes to whoever runs when it ends, so a core that is
/// busy at times has more or fewer than its due, which three standard deviations cover.
class Doubt {
 public:
  explicit Doubt(double wall_s) : wall_s_(wall_s) {}
  void add_core(double busy_s) {
    const double share = std::clamp(busy_s / wall_s_, 0.0, 1.0);
    ++cores_;
    variance_ += wall_s_ / tick_s * share * (1 - share);
  }
  double seconds() const { return tick_s * (2 * cores_ + 3 * std::sqrt(variance_)); }

 private:
  double wall_s_;
  double cores_ = 0;
  double variance_ = 0;  ///< of the sum, ticks²
};

/// What was counted of a core between two moments.
struct Span {
  int core = 0;
  double busy_s = 0;
  double stolen_s = 0;
};

std::vector<Span> spans(const SystemCounts& before, const SystemCounts& after) {
  std::vector<Span> result;
  for (const auto& [core, now] : after.cores)
    if (const auto then = before.cores.find(core); then != before.cores.end())
      result.push_back({core, now.busy_s - then->second.busy_s, now.stolen_s - then->second.stolen_s});
  return result;
}

/// The time of this process's threads by core, where it is known.
std::map<int, double> own_by_core(const SystemCounts& before, const SystemCounts& after) {
  std::map<int, double> own_s;
  for (const auto& [id, now] : after.threads) {
    const auto found = before.threads.find(id);
    // A thread that began meanwhile is bound with its first move.
    const bool stayed = found == before.threads.end()
                            ? now.moves <= 1
                            : now.core == found->second.core && now.moves == found->second.moves;
    if (stayed) own_s[now.core] += now.cpu_s - (found == before.threads.end() ? 0 : found->second.cpu_s);
  }
  return own_s;
}

/// How high the highest is at least after `amount` was taken away, wherever it lowers the highest most.
double least_highest(std::vector<double> heights, double amount) {
  std::sort(heights.rbegin(), heights.rend());
  double sum = 0, level = 0;
  for (size_t i = 0; i < heights.size(); ++i) {
    sum += heights[i];
    level = (sum - amount) / static_cast<double>(i + 1);
    if (i + 1 < heights.size() && level >= heights[i + 1]) break;
  }
  return std::max(0.0, level);
}

/// What others took of the core that lost most to them, at least, s.
double others_of_worst_s(const SystemCounts& before, const SystemCounts& after, double wall_s) {
  std::map<int, double> own_s = own_by_core(before, after);
  double elsewhere_s = after.own_s - before.own_s;  // of this process, on cores that are not known
  std::vector<double> others_s;
  for (const Span& span : spans(before, after)) {
    Doubt doubt(wall_s);
    doubt.add_core(span.busy_s);
    elsewhere_s -= own_s[span.core];
    others_s.push_back(std::max(0.0, span.busy_s - own_s[span.core] - doubt.seconds()));
  }
  return least_highest(std::move(others_s), std::max(0.0, elsewhere_s));
}

/// What others took of all cores together, s.
double others_of_all_s(const SystemCounts& before, const SystemCounts& after, double wall_s) {
  Doubt doubt(wall_s);
  double others_s = before.own_s - after.own_s;
  for (const Span& span : spans(before, after)) {
    doubt.add_core(span.busy_s);
    others_s += span.busy_s;
  }
  return std::max(0.0, others_s - doubt.seconds());
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
    {[](const Noise& noise) { return noise.stolen_of_worst; }, 0.01,
     "the hypervisor took {:.1f} % of a core's time"},
    {[](const Noise& noise) { return noise.others_of_worst; }, 0.03,
     "other processes took {:.1f} % of a core's time"},
    // On no core in particular, as far as is known; a node of many cores always has some such work.
    {[](const Noise& noise) { return noise.others_cores; }, 0.5,
     "other processes took as much of all cores together as {:.1f} % of one"},
    {[](const Noise& noise) { return drift(noise.clock_before_mhz, noise.clock_after_mhz); }, 0.02,
     "the clock changed by {:.1f} %"},
    {[](const Noise& noise) { return drift(noise.sentinel_before_ns, noise.sentinel_after_ns); }, 0.03,
     "the same arithmetic took {:.1f} % more or less time after than before"},
    {[](const Noise& noise) { return drift(noise.gpu_clock_before_mhz, noise.gpu_clock_after_mhz); }, 0.02,
     "the GPU's clock changed by {:.1f} %"},
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
  for (const auto& [core, times] : cpu_times(sight, cores).cores)
    counts.cores[core] = {tick_s * static_cast<double>(times.busy),
                          tick_s * static_cast<double>(times.stolen)};
  for (const auto& [id, thread] : thread_times(sight))
    counts.threads[id] = {thread.cpu_s, thread.core, thread.moves};
  counts.own_s = own_seconds();
  counts.wall_s = std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  return counts;
}

Noise noise_between(const SystemCounts& before, const SystemCounts& after, int cores) {
  Noise noise;
  if (const double wall_s = after.wall_s - before.wall_s; wall_s > 0) {
    for (const Span& span : spans(before, after)) {
      const double share = std::max(0.0, span.stolen_s - tick_s) / wall_s;
      noise.stolen_share += share / cores;
      noise.stolen_of_worst = std::max(noise.stolen_of_worst, share);
    }
    noise.others_cores = others_of_all_s(before, after, wall_s) / wall_s;
    noise.others_share = noise.others_cores / cores;
    noise.others_of_worst = others_of_worst_s(before, after, wall_s) / wall_s;
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
  if (!noise.gpu_held_down.empty())
    reasons.push_back(
        fmt::format("the GPU's clock was held down by: {}", fmt::join(noise.gpu_held_down, ", ")));
  return reasons;
}

double loudness(const Noise& noise) {
  double sum = (noise.throttled > 0 ? 1 : 0) + (noise.gpu_held_down.empty() ? 0 : 1);
  for (const Limit& limit : limits) sum += limit.of(noise);
  return sum;
}

std::map<std::string, std::string> described(const Noise& noise) {
  const bool clock_known = noise.clock_before_mhz > 0 && noise.clock_after_mhz > 0;
  const auto shares = [](double of_all, double of_worst) {
    return fmt::format("{:.2f} %, of the worst core {:.2f} %", 100 * of_all, 100 * of_worst);
  };
  std::map<std::string, std::string> told = {
      {"steal", shares(noise.stolen_share, noise.stolen_of_worst)},
      {"other_load", shares(noise.others_share, noise.others_of_worst)},
      {"clock", clock_known
                    ? fmt::format("{:.0f} to {:.0f} MHz", noise.clock_before_mhz, noise.clock_after_mhz)
                    : "hidden by the machine"},
      {"sentinel",
       fmt::format("{:.0f} to {:.0f} us", noise.sentinel_before_ns / 1e3, noise.sentinel_after_ns / 1e3)},
      {"throttled", std::to_string(noise.throttled)}};
  if (noise.gpu_clock_before_mhz > 0)
    told["gpu_clock"] =
        fmt::format("{:.0f} to {:.0f} MHz", noise.gpu_clock_before_mhz, noise.gpu_clock_after_mhz);
  return told;
}

}  // namespace bitsweep
