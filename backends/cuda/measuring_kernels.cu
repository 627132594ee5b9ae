#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "backends/cuda/check.h"
#include "backends/cuda/device.h"
#include "backends/cuda/measuring_kernels.h"
#include "harness/error.h"

namespace bitsweep::cuda {
namespace {

constexpr int threads_a_block = 256;

__device__ uint32_t scrambled(uint32_t value) {  // Wang's integer hash
  value = (value ^ 61U) ^ (value >> 16U);
  value *= 9U;
  value ^= value >> 4U;
  value *= 0x27d4eb2dU;
  return value ^ (value >> 15U);
}

template <class Value>
__device__ Value of(float value) {
  return Value(value);
}
template <>
__device__ int8_t of<int8_t>(float value) {
  return static_cast<int8_t>(value * 127.0F);
}

template <class Value>
__global__ void fill(Value* values, int64_t count, uint32_t seed) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
    const uint32_t bits = scrambled(static_cast<uint32_t>(i) ^ scrambled(seed));
    values[i] = of<Value>(static_cast<float>(bits) * (2.0F / 4294967296.0F) - 1.0F);
  }
}

/// Four loads are on their way before the first is used.
constexpr int unrolled = 4;

__global__ void copy(const uint4* __restrict__ from, uint4* __restrict__ to, int64_t count, int64_t passes) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (int64_t pass = 0; pass < passes; ++pass)
    for (int64_t i = first; i < count; i += stride * unrolled) {
      uint4 values[unrolled];
#pragma unroll
      for (int k = 0; k < unrolled; ++k)
        if (i + k * stride < count) values[k] = __ldcg(from + i + k * stride);
#pragma unroll
      for (int k = 0; k < unrolled; ++k)
        if (i + k * stride < count) __stcg(to + i + k * stride, values[k]);
    }
}

__global__ void read(const uint4* __restrict__ from, int64_t count, int64_t passes, unsigned unlikely,
                     unsigned* sink) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  unsigned sum = 0;
  for (int64_t pass = 0; pass < passes; ++pass) {
    for (int64_t i = first; i < count; i += stride * unrolled) {
      uint4 values[unrolled] = {};
#pragma unroll
      for (int k = 0; k < unrolled; ++k)
        if (i + k * stride < count) values[k] = __ldcg(from + i + k * stride);
#pragma unroll
      for (int k = 0; k < unrolled; ++k) sum ^= values[k].x ^ values[k].y ^ values[k].z ^ values[k].w;
    }
    asm volatile("" ::: "memory");  // each pass reads again
  }
  if (sum == unlikely) *sink = sum;
}

int resident_blocks() {
  constexpr int a_multiprocessor = 8;  // 2,048 threads
  return device().multiprocessors * a_multiprocessor;
}

}  // namespace

void fill_random(void* values, cudaDataType_t type, int64_t count, uint32_t seed, cudaStream_t stream) {
  const int blocks = resident_blocks();
  const auto launch = [&](auto* typed) { fill<<<blocks, threads_a_block, 0, stream>>>(typed, count, seed); };
  switch (type) {
    case CUDA_R_32F:
      launch(static_cast<float*>(values));
      break;
    case CUDA_R_16F:
      launch(static_cast<__half*>(values));
      break;
    case CUDA_R_16BF:
      launch(static_cast<__nv_bfloat16*>(values));
      break;
    case CUDA_R_8F_E4M3:
      launch(static_cast<__nv_fp8_e4m3*>(values));
      break;
    case CUDA_R_8I:
      launch(static_cast<int8_t*>(values));
      break;
    default:
      throw Error("cuda: fill with random numbers: a type without any");
  }
  check(cudaGetLastError(), "fill with random numbers");
}

void copy_over_and_over(const void* from, void* to, int64_t bytes, int64_t passes, cudaStream_t stream) {
  copy<<<resident_blocks(), threads_a_block, 0, stream>>>(static_cast<const uint4*>(from),
                                                          static_cast<uint4*>(to), bytes / 16, passes);
  check(cudaGetLastError(), "copy over and over");
}

void read_over_and_over(const void* from, int64_t bytes, int64_t passes, unsigned* sink,
                        cudaStream_t stream) {
  read<<<resident_blocks(), threads_a_block, 0, stream>>>(static_cast<const uint4*>(from), bytes / 16, passes,
                                                          0x9E3779B9U, sink);
  check(cudaGetLastError(), "read over and over");
}

}  // namespace bitsweep::cuda
