#include "harness/placement.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include <fmt/format.h>
#include <omp.h>
#include <sched.h>

#include "harness/error.h"
#include "harness/topology.h"

namespace bitsweep {
namespace {

/// The set of `logical` cores with room for the highest number asked for.
struct KernelSet {
  explicit KernelSet(int cores) : cores(cores), bytes(CPU_ALLOC_SIZE(cores)), set(CPU_ALLOC(cores)) {
    CPU_ZERO_S(bytes, set);
  }
  ~KernelSet() { CPU_FREE(set); }
  KernelSet(const KernelSet&) = delete;
  KernelSet& operator=(const KernelSet&) = delete;
  int cores;
  size_t bytes;
  cpu_set_t* set;
};

constexpr int most_cores = 8192;

}  // namespace

bool disjoint(const std::vector<CoreSet>& sets) {
  std::set<int> seen;
  for (const CoreSet& set : sets)
    for (const int core : set)
      if (!seen.insert(core).second) return false;
  return true;
}

CoreSet allowed_cores() {
  const KernelSet kernel(most_cores);
  if (sched_getaffinity(0, kernel.bytes, kernel.set) != 0)
    throw Error(fmt::format("cannot read the core set: {}", std::strerror(errno)));
  CoreSet cores;
  for (int core = 0; core < kernel.cores; ++core)
    if (CPU_ISSET_S(core, kernel.bytes, kernel.set)) cores.push_back(core);
  return cores;
}

CoreSet process_cores() {
  const CoreSet own = allowed_cores();
  std::set<int> cores(own.begin(), own.end());
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> numbers(static_cast<size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, numbers.data());
    cores.insert(numbers.begin(), numbers.end());
  }
  return {cores.begin(), cores.end()};
}

void bind_to(const CoreSet& cores) {
  const KernelSet kernel(most_cores);
  for (const int core : cores) CPU_SET_S(core, kernel.bytes, kernel.set);
  if (sched_setaffinity(0, kernel.bytes, kernel.set) != 0)
    throw Error(fmt::format("cannot bind to cores {}: {}", fmt::join(cores, ","), std::strerror(errno)));
  if (const CoreSet bound = allowed_cores(); bound != cores)
    throw Error(fmt::format(
        "bound to cores {}, the system gave {}; right is a launcher or cgroup that leaves the cores of "
        "this node alone",
        fmt::join(cores, ","), fmt::join(bound, ",")));
}

std::vector<CoreSet> share_cores(const std::vector<CoreSet>& allowed,
                                 const std::vector<int>& physical_of_logical) {
  if (disjoint(allowed)) return allowed;
  std::map<int, CoreSet> cores;  // physical → its logical cores in the union
  for (const CoreSet& set : allowed)
    for (const int logical : set) {
      CoreSet& threads = cores[physical_of_logical.at(static_cast<size_t>(logical))];
      if (std::find(threads.begin(), threads.end(), logical) == threads.end()) threads.push_back(logical);
    }
  std::vector<CoreSet> by_core;
  for (auto& [physical, threads] : cores) by_core.push_back(threads);

  std::vector<CoreSet> shares(allowed.size());
  for (size_t worker = 0; worker < shares.size(); ++worker) {
    const size_t begin = worker * by_core.size() / shares.size();
    const size_t end = std::max(begin + 1, (worker + 1) * by_core.size() / shares.size());
    for (size_t core = begin; core < end; ++core)
      shares[worker].insert(shares[worker].end(), by_core[core].begin(), by_core[core].end());
    std::sort(shares[worker].begin(), shares[worker].end());
  }
  return shares;
}

std::vector<int> physical_cores() {
  const Topology topology = load_topology(HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  std::vector<int> result(most_cores);
  for (int logical = 0; logical < most_cores; ++logical) {
    result[static_cast<size_t>(logical)] = logical;  // a core that hwloc does not know stands for itself
    hwloc_obj_t unit = hwloc_get_pu_obj_by_os_index(topology.get(), static_cast<unsigned>(logical));
    if (unit == nullptr) continue;
    if (const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology.get(), HWLOC_OBJ_CORE, unit))
      result[static_cast<size_t>(logical)] = static_cast<int>(core->logical_index);
  }
  return result;
}

}  // namespace bitsweep
