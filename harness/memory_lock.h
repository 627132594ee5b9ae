// Keeps the memory of a measured process from being taken away.
#pragma once

#include <string>

namespace bitsweep {

/// Locks all pages that this process has touched, so that none is swapped out or given back for another
/// while it is timed. Returns what came of it, in words: users may lock so much only, see `ulimit -l`.
/// Source: mlockall(2).
std::string lock_memory();

}  // namespace bitsweep
