// One block of memory for all activations: buffers that are not alive at the same time share places.
#pragma once

#include <cstddef>
#include <vector>

namespace bitsweep {

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
  std::vector<size_t> offsets;  ///< of each buffer, multiples of `alignment`
  size_t bytes = 0;             ///< of the whole block
};

/// Gives each buffer the lowest offset that is free during its whole life, the largest buffers first.
Placement place(const std::vector<BufferLife>& buffers, size_t alignment);

}  // namespace bitsweep
