#include "backends/cuda/check.h"

#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep::cuda {

void check(cudaError_t status, std::string_view place) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is not sticky must not be found again by the next call
  throw Error(fmt::format("cuda: {}: {} ({})", place, cudaGetErrorString(status), cudaGetErrorName(status)));
}

void check(cublasStatus_t status, std::string_view place) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(fmt::format("cuda: {}: {} ({})", place, cublasLtGetStatusString(status),
                          cublasLtGetStatusName(status)));
}

}  // namespace bitsweep::cuda
