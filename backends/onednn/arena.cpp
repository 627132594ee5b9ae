#include "backends/onednn/arena.h"

#include <cstring>
#include <new>

#include <sys/mman.h>

namespace bitsweep::onednn {
namespace {

constexpr size_t huge_page = size_t{2} << 20;

}  // namespace

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
