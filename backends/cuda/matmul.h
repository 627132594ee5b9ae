// Products of matrices by cuBLASLt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <cublasLt.h>

#include "backends/cuda/stream.h"

namespace bitsweep::cuda {

/// The handle of this thread's library.
cublasLtHandle_t matmul_library();

/// output[rows, columns] = weights[columns, depth] · source[rows, depth], all row-major: the form that
/// cuBLASLt calls TN, the only one that all types have.
struct MatmulShape {
  int64_t rows = 1;
  int64_t columns = 1;
  int64_t depth = 1;
  cudaDataType_t factors = CUDA_R_16F;  ///< type of source and weights
  cudaDataType_t output = CUDA_R_16F;   ///< type of shortcut and output
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cudaDataType_t scale = CUDA_R_32F;  ///< type of the product's factor
  bool bias = false;                  ///< added, one value of `output`'s type a column
  bool shortcut = false;              ///< added, [rows, columns]
  bool relu = false;                  ///< at the end
};

/// What a product reads and writes, on the device.
struct MatmulOperands {
  const void* source = nullptr;
  const void* weights = nullptr;
  const void* bias = nullptr;
  const void* shortcut = nullptr;
  void* output = nullptr;
  void* workspace = nullptr;
};

/// One way to compute it.
using MatmulAlgorithm = cublasLtMatmulHeuristicResult_t;

class Matmul {
 public:
  /// Throws Error if the library refuses the combination of types.
  explicit Matmul(const MatmulShape& shape);

  /// Those the library thinks the fastest, the best first, at most `most`; none if it has no code for it.
  std::vector<MatmulAlgorithm> algorithms(int most, size_t workspace_bytes) const;

  /// Puts it into the stream. Throws Error if it is refused.
  void run(const MatmulAlgorithm& algorithm, const MatmulOperands& operands, cudaStream_t stream) const;

 private:
  struct Destroy {
    void operator()(cublasLtMatmulDesc_t description) const;
    void operator()(cublasLtMatrixLayout_t layout) const;
  };
  using Layout = std::unique_ptr<cublasLtMatrixLayoutOpaque_t, Destroy>;
  static Layout layout(cudaDataType_t type, int64_t rows, int64_t columns);

  MatmulShape shape_;
  std::unique_ptr<cublasLtMatmulDescOpaque_t, Destroy> description_;
  Layout weights_, source_, output_;
};

/// "algorithm 66, tile 128x256, stages 4", as the library numbers them.
std::string describe(const MatmulAlgorithm& algorithm);

}  // namespace bitsweep::cuda
