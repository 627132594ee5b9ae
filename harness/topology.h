// This machine as hwloc sees it, owned as C++ objects.
#pragma once

#include <memory>

#include <hwloc.h>

#include "harness/placement.h"

namespace bitsweep {

using Topology = std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, decltype(&hwloc_bitmap_free)>;

/// `flags`: HWLOC_TOPOLOGY_FLAG_...
Topology load_topology(unsigned long flags = 0);

Bitmap bitmap_of(const CoreSet& cores);

}  // namespace bitsweep
