// Owners of memory: of the device, and of the host where the device can reach it.
#pragma once

#include <cstddef>
#include <memory>

namespace bitsweep::cuda {

/// Memory that is given back by Free.
template <class Free>
class OwnedMemory {
 public:
  std::byte* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }
  template <class Value>
  Value* as() const {
    return reinterpret_cast<Value*>(data_.get());
  }

 protected:
  OwnedMemory() = default;
  OwnedMemory(std::byte* memory, size_t bytes) : bytes_(bytes), data_(memory) {}

 private:
  size_t bytes_ = 0;
  std::unique_ptr<std::byte, Free> data_;
};

struct FreeDevice {
  void operator()(std::byte* memory) const;
};
struct FreeHost {
  void operator()(std::byte* memory) const;
};

/// Memory of the device; not initialised. Throws Error if it cannot be had.
class DeviceMemory : public OwnedMemory<FreeDevice> {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(size_t bytes);
};

/// Page-locked memory of the host, from which copies need no detour. Throws Error if it cannot be had.
class PinnedMemory : public OwnedMemory<FreeHost> {
 public:
  explicit PinnedMemory(size_t bytes);
};

/// A copy of the host's bytes on the device; returns when it is there.
DeviceMemory on_device(const void* values, size_t bytes);

}  // namespace bitsweep::cuda
