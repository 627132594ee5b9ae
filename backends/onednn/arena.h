// One block of memory for all activations: buffers that are not alive at the same time share places.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace bitsweep::onednn {

/// A buffer that is written first in step `first_step` and read last in step `last_step`.
struct BufferLife {
  size_t bytes = 0;
  size_t first_step = 0;
  size_t last_step = 0;
};

struct Placement {
  std::vector<size_t> offsets;  ///< of each buffer, multiples of 64 bytes
  size_t bytes = 0;             ///< of the whole block
};

/// Gives each buffer the lowest offset that is free during its whole life, the largest buffers first.
Placement place(const std::vector<BufferLife>& buffers);

/// Memory aligned to a cache line, zeroed, so that every page is there before anything is timed.
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
