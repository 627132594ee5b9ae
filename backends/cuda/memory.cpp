#include "backends/cuda/memory.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/cuda/check.h"

namespace bitsweep::cuda {

// What fails while memory is given back was told by the call that broke it.
void memory_detail::FreeDevice::operator()(std::byte* memory) const {
  cudaFree(memory);
}
void memory_detail::FreeHost::operator()(std::byte* memory) const {
  cudaFreeHost(memory);
}

DeviceMemory::DeviceMemory(size_t bytes) : bytes_(bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, std::max<size_t>(bytes, 1)),
        fmt::format("take {} MiB of the GPU's memory", bytes >> 20));
  data_.reset(static_cast<std::byte*>(memory));
}

PinnedMemory::PinnedMemory(size_t bytes) : bytes_(bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, std::max<size_t>(bytes, 1)),
        fmt::format("take {} MiB of page-locked memory", bytes >> 20));
  data_.reset(static_cast<std::byte*>(memory));
}

DeviceMemory on_device(const void* values, size_t bytes) {
  DeviceMemory memory(bytes);
  check(cudaMemcpy(memory.data(), values, bytes, cudaMemcpyHostToDevice), "copy constants to the GPU");
  return memory;
}

}  // namespace bitsweep::cuda
