#include "backends/cuda/device.h"

#include <fmt/format.h>

#include "backends/cuda/check.h"
#include "harness/error.h"
#include "harness/gpus.h"

namespace bitsweep::cuda {
namespace {

struct Found {
  Facts facts;
  std::string why_not;
};

std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

Found look() {
  Found found;
  int driver = 0, count = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    const std::string& why_none = inspect_gpus().why_none;
    found.why_not = "no CUDA device: " + (why_none.empty() ? "its driver does not answer" : why_none);
    return found;
  }
  found.facts.driver = version_text(driver);
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    cudaGetLastError();
    found.why_not = fmt::format("no CUDA device: {} (the driver has CUDA {}, this program {})",
                                status == cudaSuccess ? "none is visible" : cudaGetErrorString(status),
                                found.facts.driver, version_text(CUDART_VERSION));
    return found;
  }
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "read the properties of the GPU");
  found.facts.name = properties.name;
  found.facts.capability = properties.major * 10 + properties.minor;
  found.facts.multiprocessors = properties.multiProcessorCount;
  found.facts.second_level_cache_bytes = properties.l2CacheSize;
  found.facts.memory_bytes = static_cast<int64_t>(properties.totalGlobalMem);
  if (found.facts.capability < least_capability)
    found.why_not = fmt::format("no CUDA device: {} has compute capability {}.{}; right is 8.0 or later",
                                properties.name, properties.major, properties.minor);
  return found;
}

const Found& found() {
  static const Found once = look();
  return once;
}

}  // namespace

const std::string& why_no_device() {
  return found().why_not;
}

const Facts& device() {
  if (!found().why_not.empty()) throw Error(found().why_not);
  return found().facts;
}

}  // namespace bitsweep::cuda
