// Which cores a worker may use. Workers of one node get disjoint cores, so that they do not measure each
// other.
#pragma once

#include <string>
#include <vector>

namespace bitsweep {

/// Logical cores by number, ascending.
using CoreSet = std::vector<int>;

/// The cores that this thread may use.
CoreSet allowed_cores();

/// The cores that this process may use: as above, and where OpenMP binds threads, the cores of all of them.
/// There the first thread sits on one core from the beginning, and the others come when they have work.
CoreSet process_cores();

/// Whether no core is in two sets.
bool disjoint(const std::vector<CoreSet>& sets);

/// Restricts this process, and so its children, to these cores (ascending), and looks whether it is so.
/// Throws Error if the system refuses, or gives others.
void bind_to(const CoreSet& cores);

/// The sets that the workers of one node should use, given the sets they may use. Sets that are disjoint
/// already (mpirun or Slurm placed them) stay; otherwise the union is dealt out in equal contiguous shares;
/// with fewer cores than workers, workers share. `physical` numbers the physical core of each logical core in
/// the union, so that the two threads of a core go to one worker.
std::vector<CoreSet> share_cores(const std::vector<CoreSet>& allowed,
                                 const std::vector<int>& physical_of_logical);

/// For each logical core of this machine the number of its physical core.
std::vector<int> physical_cores();

}  // namespace bitsweep
