#include "backends/lifetimes.h"

#include <algorithm>
#include <numeric>

namespace bitsweep {
namespace {

bool alive_together(const BufferLife& one, const BufferLife& other) {
  return one.first_step <= other.last_step && other.first_step <= one.last_step;
}

}  // namespace

Placement place(const std::vector<BufferLife>& buffers, size_t alignment) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t one, size_t other) { return buffers[one].bytes > buffers[other].bytes; });
  Placement placement;
  placement.offsets.resize(buffers.size());
  std::vector<size_t> placed;  // in the order of their offsets
  for (const size_t buffer : order) {
    size_t offset = 0;
    for (const size_t other : placed) {
      if (!alive_together(buffers[buffer], buffers[other])) continue;
      if (offset + buffers[buffer].bytes <= placement.offsets[other]) break;
      offset = std::max(offset, placement.offsets[other] + rounded_up(buffers[other].bytes, alignment));
    }
    placement.offsets[buffer] = offset;
    placement.bytes = std::max(placement.bytes, offset + rounded_up(buffers[buffer].bytes, alignment));
    const auto later = std::upper_bound(placed.begin(), placed.end(), offset, [&](size_t at, size_t other) {
      return at < placement.offsets[other];
    });
    placed.insert(later, buffer);
  }
  return placement;
}

}  // namespace bitsweep
