// The caches of the cores that this process may use.
#pragma once

#include <cstdint>
#include <vector>

namespace bitsweep {

/// Bytes of the last-level caches that these cores reach, and of the caches before them; 32 MiB where the
/// machine hides them, as some hypervisors do.
int64_t cache_bytes();

/// Empties the caches of all OpenMP threads.
class CacheEvictor {
 public:
  /// Writes twice the bytes of the caches, each of `threads` threads a share: caches that do not replace the
  /// oldest line first keep some of what was there after one pass of their own size. Returns the bytes
  /// written. Throws std::bad_alloc, the first time.
  int64_t evict(int threads);

 private:
  std::vector<int64_t> lines_;
};

}  // namespace bitsweep
