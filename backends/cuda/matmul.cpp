#include "backends/cuda/matmul.h"

#include <fmt/format.h>

#include "backends/cuda/check.h"

namespace bitsweep::cuda {
namespace {

struct DestroyLibrary {
  void operator()(cublasLtHandle_t handle) const { cublasLtDestroy(handle); }
};

template <class Value>
void set(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute, const Value& value) {
  check(cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof value),
        "describe a product of matrices");
}

cublasLtEpilogue_t epilogue(const MatmulShape& shape) {
  if (shape.bias) return shape.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  return shape.relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
}

/// The factor 0 or 1 in the type of the product's factor.
struct Factor {
  float real;
  int32_t whole;
  uint16_t half;

  const void* of(cudaDataType_t type) const {
    if (type == CUDA_R_32I) return &whole;
    if (type == CUDA_R_16F) return &half;
    return &real;
  }
};
constexpr uint16_t one_in_half = 0x3C00;
constexpr Factor zero{0, 0, 0}, one{1, 1, one_in_half};

int number(const MatmulAlgorithm& algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  uint32_t value = 0;
  size_t written = 0;
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm.algo, attribute, &value, sizeof value, &written);
  return static_cast<int>(value);
}

}  // namespace

cublasLtHandle_t matmul_library() {
  thread_local const std::unique_ptr<cublasLtContext, DestroyLibrary> library = [] {
    cublasLtHandle_t handle = nullptr;
    check(cublasLtCreate(&handle), "start cuBLASLt");
    return std::unique_ptr<cublasLtContext, DestroyLibrary>(handle);
  }();
  return library.get();
}

void Matmul::Destroy::operator()(cublasLtMatmulDesc_t description) const {
  cublasLtMatmulDescDestroy(description);
}
void Matmul::Destroy::operator()(cublasLtMatrixLayout_t layout) const {
  cublasLtMatrixLayoutDestroy(layout);
}

/// cuBLASLt's matrices lie by columns: what is [rows, columns] by rows is [columns, rows] there.
Matmul::Layout Matmul::layout(cudaDataType_t type, int64_t rows, int64_t columns) {
  cublasLtMatrixLayout_t layout = nullptr;
  check(cublasLtMatrixLayoutCreate(&layout, type, static_cast<uint64_t>(columns), static_cast<uint64_t>(rows),
                                   columns),
        "describe a matrix");
  return Layout(layout);
}

Matmul::Matmul(const MatmulShape& shape)
    : shape_(shape),
      weights_(layout(shape.factors, shape.columns, shape.depth)),
      source_(layout(shape.factors, shape.rows, shape.depth)),
      output_(layout(shape.output, shape.rows, shape.columns)) {
  cublasLtMatmulDesc_t description = nullptr;
  check(cublasLtMatmulDescCreate(&description, shape.compute, shape.scale), "describe a product of matrices");
  description_.reset(description);
  set(description, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(description, CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  set(description, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue(shape));
  if (shape.bias) set(description, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, shape.output);
}

std::vector<MatmulAlgorithm> Matmul::algorithms(int most, size_t workspace_bytes) const {
  cublasLtMatmulPreference_t preference = nullptr;
  check(cublasLtMatmulPreferenceCreate(&preference), "ask for algorithms");
  const std::unique_ptr<cublasLtMatmulPreferenceOpaque_t, decltype(&cublasLtMatmulPreferenceDestroy)> owner(
      preference, cublasLtMatmulPreferenceDestroy);
  check(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &workspace_bytes, sizeof workspace_bytes),
        "ask for algorithms");
  std::vector<MatmulAlgorithm> found(static_cast<size_t>(most));
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(matmul_library(), description_.get(), weights_.get(), source_.get(),
                                     output_.get(), output_.get(), preference, most, found.data(), &count);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) count = 0;
  if (status != CUBLAS_STATUS_NOT_SUPPORTED) check(status, "ask for algorithms");
  found.resize(static_cast<size_t>(count));
  std::erase_if(found, [](const MatmulAlgorithm& each) { return each.state != CUBLAS_STATUS_SUCCESS; });
  return found;
}

void Matmul::run(const MatmulAlgorithm& algorithm, const MatmulOperands& operands,
                 cudaStream_t stream) const {
  if (shape_.bias) set(description_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
  const Factor& of_shortcut = shape_.shortcut ? one : zero;
  const void* shortcut = shape_.shortcut ? operands.shortcut : operands.output;
  check(cublasLtMatmul(matmul_library(), description_.get(), one.of(shape_.scale), operands.weights,
                       weights_.get(), operands.source, source_.get(), of_shortcut.of(shape_.scale), shortcut,
                       output_.get(), operands.output, output_.get(), &algorithm.algo, operands.workspace,
                       algorithm.workspaceSize, stream),
        "multiply matrices");
}

std::string describe(const MatmulAlgorithm& algorithm) {
  return fmt::format("algorithm {}, tile {}, stages {}, split {}", number(algorithm, CUBLASLT_ALGO_CONFIG_ID),
                     number(algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID),
                     number(algorithm, CUBLASLT_ALGO_CONFIG_STAGES_ID),
                     number(algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM));
}

}  // namespace bitsweep::cuda
