// Each call into CUDA's libraries goes through here: what fails becomes an Error with place and words.
#pragma once

#include <string_view>

#include <cublasLt.h>
#include <cuda_runtime_api.h>

namespace bitsweep::cuda {

/// `place` says what was to be done, e.g. "copy the input to the GPU".
void check(cudaError_t status, std::string_view place);
void check(cublasStatus_t status, std::string_view place);

}  // namespace bitsweep::cuda
