// Owners of memory: of the device, and of the host where the device can reach it.
#pragma once

#include <cstddef>
#include <memory>

namespace bitsweep::cuda {

namespace memory_detail {
struct FreeDevice {
  void operator()(std::byte* memory) const;
};
struct FreeHost {
  void operator()(std::byte* memory) const;
};
}  // namespace memory_detail

/// Memory of the device; not initialised. Throws Error if it cannot be had.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(size_t bytes);

  std::byte* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }
  template <class Value>
  Value* as() const {
    return reinterpret_cast<Value*>(data_.get());
  }

 private:
  size_t bytes_ = 0;
  std::unique_ptr<std::byte, memory_detail::FreeDevice> data_;
};

/// Page-locked memory of the host, from which copies need no detour. Throws Error if it cannot be had.
class PinnedMemory {
 public:
  explicit PinnedMemory(size_t bytes);

  std::byte* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }
  template <class Value>
  Value* as() const {
    return reinterpret_cast<Value*>(data_.get());
  }

 private:
  size_t bytes_ = 0;
  std::unique_ptr<std::byte, memory_detail::FreeHost> data_;
};

/// A copy of the host's bytes on the device; returns when it is there.
DeviceMemory on_device(const void* values, size_t bytes);

}  // namespace bitsweep::cuda
