#include "backends/onednn/arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>

#include <sys/mman.h>

namespace bitsweep::onednn {
namespace {

constexpr size_t huge_page = size_t{2} << 20;

bool alive_together(const BufferLife& one, const BufferLife& other) {
  return one.first_step <= other.last_step && other.first_step <= one.last_step;
}

}  // namespace

Placement place(const std::vector<BufferLife>& buffers) {
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
      offset = std::max(offset, placement.offsets[other] + rounded_up(buffers[other].bytes, cache_line));
    }
    placement.offsets[buffer] = offset;
    placement.bytes = std::max(placement.bytes, offset + rounded_up(buffers[buffer].bytes, cache_line));
    const auto later = std::upper_bound(placed.begin(), placed.end(), offset, [&](size_t at, size_t other) {
      return at < placement.offsets[other];
    });
    placed.insert(later, buffer);
  }
  return placement;
}

AlignedMemory::AlignedMemory(size_t bytes)
    : bytes_(rounded_up(bytes, cache_line)),
      data_(static_cast<std::byte*>(
          ::operator new (rounded_up(bytes, huge_page), std::align_val_t{huge_page}))) {
  // Refused on kernels without huge pages, and then it is memory like any other.
  madvise(data_.get(), rounded_up(bytes, huge_page), MADV_HUGEPAGE);
  std::memset(data_.get(), 0, bytes_);
}

void AlignedMemory::Release::operator()(std::byte* data) const {
  ::operator delete (data, std::align_val_t{huge_page});
}

}  // namespace bitsweep::onednn
