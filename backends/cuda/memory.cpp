#include "backends/cuda/memory.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/cuda/check.h"

namespace bitsweep::cuda {

namespace {

using Take = cudaError_t (*)(void**, size_t);

std::byte* taken(Take take, size_t bytes, const char* what) {
  void* memory = nullptr;
  check(take(&memory, std::max<size_t>(bytes, 1)), fmt::format("take {} MiB of {}", bytes >> 20, what));
  return static_cast<std::byte*>(memory);
}

}  // namespace

// What fails while memory is given back was told by the call that broke it.
void FreeDevice::operator()(std::byte* memory) const {
  cudaFree(memory);
}
void FreeHost::operator()(std::byte* memory) const {
  cudaFreeHost(memory);
}

DeviceMemory::DeviceMemory(size_t bytes) : OwnedMemory(taken(cudaMalloc, bytes, "the GPU's memory"), bytes) {}

PinnedMemory::PinnedMemory(size_t bytes)
    : OwnedMemory(taken(cudaMallocHost, bytes, "page-locked memory"), bytes) {}

DeviceMemory on_device(const void* values, size_t bytes) {
  DeviceMemory memory(bytes);
  check(cudaMemcpy(memory.data(), values, bytes, cudaMemcpyHostToDevice), "copy constants to the GPU");
  return memory;
}

}  // namespace bitsweep::cuda
