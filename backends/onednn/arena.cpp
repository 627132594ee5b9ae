#include "backends/onednn/arena.h"

#include <cstring>

namespace bitsweep::onednn {

using dnnl::memory;

memory Arena::take(const memory::desc& description) {
  const auto bytes = static_cast<int64_t>(description.get_size());
  Buffer* best = nullptr;
  for (Buffer& buffer : buffers_)
    if (buffer.free && buffer.bytes >= bytes && (best == nullptr || buffer.bytes < best->bytes)) best = &buffer;
  if (best == nullptr) {
    const memory fresh({{bytes}, memory::data_type::u8, memory::format_tag::x}, engine_);
    std::memset(fresh.get_data_handle(), 0, static_cast<size_t>(bytes));
    buffers_.push_back({fresh, bytes, false});
    best = &buffers_.back();
  }
  best->free = false;
  return memory(description, engine_, best->memory.get_data_handle());
}

void Arena::give_back(const void* address) {
  for (Buffer& buffer : buffers_)
    if (buffer.memory.get_data_handle() == address) buffer.free = true;
}

int64_t Arena::bytes() const {
  int64_t sum = 0;
  for (const Buffer& buffer : buffers_) sum += buffer.bytes;
  return sum;
}

}  // namespace bitsweep::onednn
