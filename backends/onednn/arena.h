// One block of memory for all activations: buffers that are not alive at the same time share places.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace bitsweep::onednn {

inline constexpr size_t cache_line = 64;  ///< bytes; also the widest vector

/// To a multiple of `multiple`.
inline size_t rounded_up(size_t bytes, size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

/// A buffer that is written first in step `first_step` and read last in step `last_step`.
struct BufferLife {
  size_t bytes = 0;
  size_t first_step = 0;
  size_t last_step = 0;
};

struct Placement {
  std::vector<size_t> offsets;  ///< of each buffer, multiples of cache_line
  size_t bytes = 0;             ///< of the whole block
};

/// Gives each buffer the lowest offset that is free during its whole life, the largest buffers first.
Placement place(const std::vector<BufferLife>& buffers);

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
