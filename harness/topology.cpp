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

Bitmap process_cores(const Topology& topology) {
  Bitmap cores(hwloc_bitmap_alloc(), hwloc_bitmap_free);
  hwloc_get_cpubind(topology.get(), cores.get(), HWLOC_CPUBIND_PROCESS);
  return cores;
}

}  // namespace bitsweep
