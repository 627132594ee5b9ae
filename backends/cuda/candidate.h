// One way to compute a layer with weights.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

namespace bitsweep::cuda {

/// What a layer reads and writes, on the device.
struct Operands {
  const void* source = nullptr;
  const void* weights = nullptr;
  const void* bias = nullptr;
  const void* shortcut = nullptr;  ///< null: none
  void* output = nullptr;
  void* workspace = nullptr;
};

struct Candidate {
  std::string name;  ///< as the library names it; the same in the next process
  std::string unit;  ///< "tensor_core", "cuda_core"; empty: unknown
  size_t workspace_bytes = 0;
  /// Puts it into the stream; throws Error if it is refused.
  std::function<void(const Operands&, cudaStream_t)> run;
};

}  // namespace bitsweep::cuda
