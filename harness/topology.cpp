#include "harness/topology.h"

namespace bitsweep {

Topology load_topology(unsigned long flags) {
  hwloc_topology_t raw = nullptr;
  hwloc_topology_init(&raw);
  Topology topology(raw, hwloc_topology_destroy);
  hwloc_topology_set_flags(raw, flags);
  hwloc_topology_load(raw);
  return topology;
}

Bitmap bitmap_of(const CoreSet& cores) {
  Bitmap bitmap(hwloc_bitmap_alloc(), hwloc_bitmap_free);
  for (const int core : cores) hwloc_bitmap_set(bitmap.get(), static_cast<unsigned>(core));
  return bitmap;
}

}  // namespace bitsweep
