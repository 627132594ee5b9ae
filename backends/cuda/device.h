// The GPU that is computed on: the first one that this process sees (CUDA_VISIBLE_DEVICES chooses).
#pragma once

#include <cstdint>
#include <string>

namespace bitsweep::cuda {

struct Facts {
  std::string name;
  int capability = 0;  ///< major * 10 + minor: 90 is Hopper
  int multiprocessors = 0;
  int64_t second_level_cache_bytes = 0;
  int64_t memory_bytes = 0;
  std::string driver;  ///< the highest version of CUDA that the driver can, e.g. "13.0"
};

/// Of generations before Ampere this program holds no code.
inline constexpr int least_capability = 80;

/// Why nothing can be computed here, in words: "no CUDA device: ..."; empty if something can.
const std::string& why_no_device();

/// Throws Error with why_no_device().
const Facts& device();

}  // namespace bitsweep::cuda
