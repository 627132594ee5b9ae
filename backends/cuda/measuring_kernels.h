// Kernels of our own that only measure.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace bitsweep::cuda {

/// Fills with random numbers of the type, in ±1 (integers: all of theirs). Products of zeros take less power,
/// and run faster than those of data. Throws Error for a type without numbers here.
void fill_random(void* values, cudaDataType_t type, int64_t count, uint32_t seed, cudaStream_t stream);

/// Copies `bytes`, a multiple of 16, `passes` times, past the first level of cache.
void copy_over_and_over(const void* from, void* to, int64_t bytes, int64_t passes, cudaStream_t stream);

/// Reads them so. `sink` is one number on the device, so that the compiler cannot leave the reading out.
void read_over_and_over(const void* from, int64_t bytes, int64_t passes, unsigned* sink, cudaStream_t stream);

}  // namespace bitsweep::cuda
