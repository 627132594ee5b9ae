#include "backends/cuda/ceilings.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/cuda/check.h"
#include "backends/cuda/device.h"
#include "backends/cuda/matmul.h"
#include "backends/cuda/measuring_kernels.h"
#include "backends/cuda/memory.h"
#include "backends/cuda/stream.h"
#include "harness/clock.h"
#include "harness/gpus.h"

namespace bitsweep::cuda {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds each_ceiling(0.15);
/// Long beside the step of the device's clock, short beside what its power limit reacts to.
constexpr double short_repetition_ns = 2e6;

/// The shortest time of one `work`, found in many short repetitions of some.
double shortest_ns(const Stream& stream, Seconds budget, const std::function<void()>& work) {
  const Event begin, end;
  double shortest = std::numeric_limits<double>::infinity();
  int64_t amount = 1;
  work();  // loads the kernel
  for (const auto stop = Clock::now() + budget; Clock::now() < stop || amount == 1;) {
    begin.record(stream);
    for (int64_t i = 0; i < amount; ++i) work();
    end.record(stream);
    stream.wait();
    const double all = nanoseconds_between(begin, end);
    shortest = std::min(shortest, all / static_cast<double>(amount));
    if (all < short_repetition_ns) amount *= 2;
    if (all >= short_repetition_ns && amount == 1 && Clock::now() >= stop) break;
  }
  return shortest;
}

/// A precision as cuBLASLt names it.
struct Product {
  const char* precision;
  cudaDataType_t factors, output;
  cublasComputeType_t compute;
  cudaDataType_t scale;
  int least_capability;
};
constexpr Product products[] = {
    {"fp32", CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, CUDA_R_32F, 80},
    {"tf32", CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F, 80},
    {"bf16", CUDA_R_16BF, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 80},
    {"fp16", CUDA_R_16F, CUDA_R_16F, CUBLAS_COMPUTE_32F, CUDA_R_32F, 80},
    {"int8", CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, CUDA_R_32I, 80},
    {"fp8", CUDA_R_8F_E4M3, CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F, 89},
};

/// Sizes of square matrices: the larger one needs less memory for its work, the smaller one is done before
/// the power limit slows it down.
constexpr int64_t sizes[] = {4096, 8192};
constexpr size_t workspace_bytes = size_t{64} << 20;
constexpr int most_algorithms = 8;

/// Multiply-accumulates a second; 0 if the library has no code for these types.
double product_rate(const Product& product, int64_t size, const Stream& stream) {
  const Matmul matmul({size, size, size, product.factors, product.output, product.compute, product.scale});
  const std::vector<MatmulAlgorithm> algorithms = matmul.algorithms(most_algorithms, workspace_bytes);
  if (algorithms.empty()) return 0;
  const int64_t count = size * size;
  const auto bytes = [&](int64_t of_each) { return static_cast<size_t>(count * of_each); };
  constexpr int64_t widest = 4;  // bytes of a number
  const DeviceMemory source(bytes(widest)), weights(bytes(widest)), output(bytes(widest)),
      workspace(workspace_bytes);
  // As layers find them: behind a ReLU the card takes less power, and keeps a higher clock.
  fill_random(source.data(), product.factors, count, 1, stream.get(), true);
  fill_random(weights.data(), product.factors, count, 2, stream.get());
  const Operands operands{source.data(), weights.data(), nullptr, nullptr, output.data(), workspace.data()};
  const auto time_ns = [&](const MatmulAlgorithm& algorithm, Seconds budget) {
    return shortest_ns(stream, budget, [&] { matmul.run(algorithm, operands, stream.get()); });
  };
  const MatmulAlgorithm* best = nullptr;
  double best_ns = std::numeric_limits<double>::infinity();
  for (const MatmulAlgorithm& algorithm : algorithms)
    if (const double ns = time_ns(algorithm, each_ceiling / most_algorithms); ns < best_ns)
      best = &algorithm, best_ns = ns;
  best_ns = std::min(best_ns, time_ns(*best, each_ceiling));
  return static_cast<double>(count) * static_cast<double>(size) / best_ns * 1e9;
}

std::vector<Arithmetic> measure_arithmetic(const Stream& stream) {
  std::vector<Arithmetic> result;
  for (const Product& product : products) {
    if (device().capability < product.least_capability) continue;
    double rate = 0;
    for (const int64_t size : sizes) rate = std::max(rate, product_rate(product, size, stream));
    if (rate > 0) result.push_back({product.precision, "cublasLt", rate});
  }
  return result;
}

constexpr int64_t mebibyte = int64_t{1} << 20;

/// Both are moved past the first level of cache, so a working set that fits the second level is read there.
std::vector<Bandwidth> measure_bandwidth(const Stream& stream) {
  const int64_t most = std::min(2048 * mebibyte, device().memory_bytes / 8) / mebibyte * mebibyte;
  const DeviceMemory memory(static_cast<size_t>(most)), sink(sizeof(unsigned));
  fill_random(memory.data(), CUDA_R_32F, most / 4, 3, stream.get());
  std::vector<Bandwidth> result;
  std::set<int64_t> working_sets = {most};
  for (int64_t working_set = mebibyte; working_set < most; working_set *= 4) working_sets.insert(working_set);
  for (const int64_t working_set : working_sets) {
    const int64_t passes = std::max<int64_t>(1, 512 * mebibyte / working_set);
    const int64_t half = working_set / 2;
    const double copy_ns = shortest_ns(stream, each_ceiling / 2, [&] {
      copy_over_and_over(memory.data(), memory.data() + half, half, passes, stream.get());
    });
    const double read_ns = shortest_ns(stream, each_ceiling / 2, [&] {
      read_over_and_over(memory.data(), working_set, passes, sink.as<unsigned>(), stream.get());
    });
    result.push_back(
        {working_set, static_cast<double>(passes * working_set) / std::min(copy_ns, read_ns) * 1e9});
  }
  return result;
}

std::vector<Transfer> measure_transfers(const Stream& stream) {
  constexpr size_t bytes = size_t{256} << 20;
  const PinnedMemory host(bytes);
  const DeviceMemory memory(bytes);
  std::fill_n(host.as<uint32_t>(), bytes / 4, 0x5A17C3E9U);
  const auto rate = [&](const void* from, void* to) {
    const double ns = shortest_ns(stream, each_ceiling, [&] {
      check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream.get()), "copy between host and GPU");
    });
    return static_cast<double>(bytes) / ns * 1e9;
  };
  return {{"host to device", rate(host.data(), memory.data())},
          {"device to host", rate(memory.data(), host.data())}};
}

/// What else was going on: another program on the card, or a clock held down by anything but its power
/// limit, which large products reach by themselves.
std::vector<std::string> disturbances(const std::vector<Gpu>& looks) {
  std::set<std::string> reasons;
  for (const Gpu& gpu : looks) {
    if (gpu.processes.value_or(0) > 1) reasons.insert(fmt::format("{} programs on the GPU", *gpu.processes));
    for (const std::string& reason : disturbing_throttles(gpu))
      reasons.insert("clock held down by: " + reason);
  }
  if (reasons.empty()) return {};
  return {fmt::format("{}", fmt::join(reasons, "; "))};
}

}  // namespace

Ceilings measure_ceilings() {
  Ceilings result;
  result.device = device().name;
  const Stream stream;
  std::vector<Gpu> looks;
  const auto look = [&] {
    if (const auto gpu = only_gpu_named(result.device)) looks.push_back(*gpu);
  };
  look();
  result.bandwidth = measure_bandwidth(stream);
  look();
  result.arithmetic = measure_arithmetic(stream);
  look();
  result.transfers = measure_transfers(stream);
  result.disturbed = disturbances(looks);
  result.measured = utc_now();
  return result;
}

}  // namespace bitsweep::cuda
