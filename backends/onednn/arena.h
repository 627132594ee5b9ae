// Memory of the host for activations and weights.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "backends/lifetimes.h"

namespace bitsweep::onednn {

inline constexpr size_t cache_line = 64;  ///< bytes; also the widest vector

/// In whole cache lines.
inline Placement place(const std::vector<BufferLife>& buffers) {
  return bitsweep::place(buffers, cache_line);
}

/// Memory that begins where a huge page begins (2 MiB), and consists of such if the kernel has them; zeroed,
/// so that every page is there before anything is timed. Of which cache sets and pages a buffer takes, its
/// offset decides then, and two sessions of one plan are equally lucky.
class AlignedMemory {
 public:
  explicit AlignedMemory(size_t bytes);

  std::byte* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Release {
    void operator()(std::byte* data) const;
  };
  size_t bytes_;
  std::unique_ptr<std::byte, Release> data_;
};

}  // namespace bitsweep::onednn
