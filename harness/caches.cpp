#include "harness/caches.h"

#include <algorithm>

#include "harness/topology.h"

namespace bitsweep {
namespace {

/// Of all caches of one level that any of `cores` reaches.
int64_t bytes_of_level(hwloc_topology_t topology, hwloc_obj_type_t level, hwloc_const_bitmap_t cores) {
  int64_t bytes = 0;
  const int count = std::max(0, hwloc_get_nbobjs_by_type(topology, level));
  for (int i = 0; i < count; ++i) {
    const hwloc_obj_t cache = hwloc_get_obj_by_type(topology, level, static_cast<unsigned>(i));
    if (hwloc_bitmap_intersects(cache->cpuset, cores)) bytes += static_cast<int64_t>(cache->attr->cache.size);
  }
  return bytes;
}

}  // namespace

int64_t cache_bytes() {
  constexpr int64_t assumed = int64_t{32} << 20;
  const Topology topology = load_topology();
  const Bitmap cores = bitmap_of(process_cores());
  int64_t bytes = 0;
  for (const hwloc_obj_type_t level : {HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE})
    bytes += bytes_of_level(topology.get(), level, cores.get());
  return bytes > 0 ? bytes : assumed;
}

int64_t CacheEvictor::evict(int threads) {
  constexpr size_t line = 64 / sizeof(int64_t);
  if (lines_.empty()) lines_.resize(static_cast<size_t>(2 * cache_bytes()) / sizeof(int64_t));
  int64_t* const values = lines_.data();
  int64_t written = 0;
#pragma omp parallel for schedule(static) num_threads(threads) reduction(+ : written)
  for (size_t i = 0; i < lines_.size(); i += line) values[i] += 1, written += 64;
  return written;
}

}  // namespace bitsweep
