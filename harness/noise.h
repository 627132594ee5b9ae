// What else went on while it was measured.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bitsweep {

/// What the system had counted by one moment. Times are in seconds of a core.
struct SystemCounts {
  struct Core {
    double busy_s = 0;    ///< by anyone
    double stolen_s = 0;  ///< by other guests of the hypervisor
  };
  struct Thread {
    double cpu_s = 0;
    int core = 0;       ///< its latest
    int64_t moves = 0;  ///< from core to core
  };
  double wall_s = 0;
  std::map<int, Core> cores;      ///< those given, by number
  double own_s = 0;               ///< by this process, also by threads that have ended
  std::map<int, Thread> threads;  ///< of this process, by id; those that the kernel hides are missing
  int64_t throttled = 0;          ///< times that a core was slowed down by heat, or this cgroup by its quota
  double clock_mhz = 0;           ///< mean of these cores, at this moment; 0: the machine hides it
  double sentinel_ns = 0;         ///< a fixed piece of arithmetic, all cores busy; the best of a few
};

/// Looks at the cores `core_set` (e.g. "0-3,8"). `root` is where proc and sys are looked for: another one in
/// tests. Keeps all OpenMP threads busy for some 30 ms, for the sentinel.
SystemCounts system_counts(const std::string& core_set, const std::string& root = "/");

/// What lay between two moments. A barrier waits for the slowest thread, so the core that lost most counts,
/// however many others lost nothing.
///
/// What others took of a core is its busy time without that of this process's threads. A thread that did not
/// move is known to have run on its core: so it is with OMP_PROC_BIND, which measured processes have. The
/// time of threads that moved, ended or are hidden is dealt out so that the worst core has lost as little as
/// possible. So `others_of_worst` may be too low, never too high; what moving hides is still in
/// `others_cores`. Not seen at all: who shares caches, memory or the other half of a core.
struct Noise {
  double stolen_share = 0;     ///< of all cores' time, by the hypervisor
  double stolen_of_worst = 0;  ///< of the time of the core that lost most so
  double others_share = 0;     ///< of all cores' time, by other processes
  double others_of_worst = 0;  ///< of the time of the core that lost most so
  double others_cores = 0;     ///< the time that others_share stands for, in cores
  double clock_before_mhz = 0, clock_after_mhz = 0;
  double sentinel_before_ns = 0, sentinel_after_ns = 0;
  int64_t throttled = 0;
  double gpu_clock_before_mhz = 0, gpu_clock_after_mhz = 0;  ///< under load; 0: no GPU, or it hides it
  std::vector<std::string> gpu_held_down = {};               ///< by what; its power limit is none
};

/// `cores`: how many those given are.
Noise noise_between(const SystemCounts& before, const SystemCounts& after, int cores);

/// Why a measurement cannot be taken as undisturbed, one reason an entry; empty if it can. The limits are a
/// table in the .cpp.
std::vector<std::string> disturbances(const Noise& noise);

/// One number to choose the quieter of two by: shares of time lost and drifts, added.
double loudness(const Noise& noise);

/// As it is kept with a result: name → value in words.
std::map<std::string, std::string> described(const Noise& noise);

}  // namespace bitsweep
