// This machine as hwloc sees it, owned as C++ objects.
#pragma once

#include <memory>

#include <hwloc.h>

namespace bitsweep {

using Topology = std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

/// `flags`: HWLOC_TOPOLOGY_FLAG_...
Topology load_topology(unsigned long flags = 0);

/// The cores that the threads of this process are bound to.
Bitmap process_cores(const Topology& topology);

}  // namespace bitsweep
