// The facts that surroundings.cpp lists, one function each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "harness/surroundings.h"
#include "harness/surroundings/sight.h"

namespace bitsweep {

// processor.cpp: what decides the clock and who shares a core.
Surrounding kernel(const Sight& sight);
Surrounding hypervisor(const Sight& sight);
Surrounding governor(const Sight& sight);
Surrounding turbo(const Sight& sight);
Surrounding smt(const Sight& sight);
Surrounding numa(const Sight& sight);

// allotment.cpp: which share of the node this process gets.
Surrounding affinity(const Sight& sight);
/// Of cgroups 2 and 1, the smallest on the way from this process's group to the root.
Surrounding cpu_quota(const Sight& sight);
/// How often a quota stopped a core of these groups, all on that way together; 0 where it is hidden.
int64_t times_throttled_by_quota(const Sight& sight);

// addresses.cpp: where memory lies.
Surrounding huge_pages(const Sight& sight);
Surrounding aslr(const Sight& sight);
Surrounding swap(const Sight& sight);

// load.cpp: what others do meanwhile.

/// Times of a core since the start of the node, in ticks.
struct CoreTimes {
  int64_t busy = 0;
  int64_t idle = 0;
  int64_t stolen = 0;  ///< by the host, for other virtual machines
};
struct CpuTimes {
  std::map<int, CoreTimes> cores;  ///< by number
  int64_t own = 0;                 ///< of this process, on whatever cores
};
CpuTimes cpu_times(const Sight& sight, const CoreSet& cores);

/// A thread of this process.
struct ThreadTime {
  double cpu_s = 0;   ///< since its beginning
  int core = 0;       ///< on which it runs, or ran last
  int64_t moves = 0;  ///< from core to core since its beginning
};
/// By id; without those of which the kernel hides something.
std::map<int, ThreadTime> thread_times(const Sight& sight);

/// On average and on the core that has the most of it: a barrier waits for the slowest thread.
Surrounding other_load(const CpuTimes& before, const CpuTimes& after);
Surrounding steal(const CpuTimes& before, const CpuTimes& after);

// openmp.cpp: variables that contradict the cores.
Surrounding openmp_threads(const Environment& environment, const Sight& sight);
Surrounding openmp_limit(const Environment& environment, const Sight& sight);
Surrounding openmp_places(const Environment& environment, const Sight& sight);

}  // namespace bitsweep
