#include "backends/cuda/cuda.h"

#include <fmt/format.h>

#include "backends/cuda/ceilings.h"
#include "backends/cuda/convolution.h"
#include "backends/cuda/device.h"
#include "backends/cuda/matmul.h"
#include "backends/cuda/session.h"

namespace bitsweep {
namespace {

std::optional<std::string> why_not(const Network& network, const SessionRequest& request) {
  if (const std::string& reason = cuda::why_no_device(); !reason.empty()) return reason;
  if (request.precision == Precision::int8) return "the CUDA backend has no int8 yet";
  for (const Layer& layer : network.layers())
    if (std::holds_alternative<BatchNormalization>(layer.operation))
      return fmt::format(
          "layer '{}': batch normalization of vectors runs only where it follows a linear layer, into which "
          "it is folded",
          layer.name);
  return std::nullopt;
}

std::vector<Library> libraries() {
  return {{"cuDNN", cuda::cudnn_version()}, {"cuBLASLt", cuda::cublas_version()}};
}

Device the_device() {
  const std::string& reason = cuda::why_no_device();
  return reason.empty() ? Device{cuda::device().name, ""} : Device{"", reason};
}

}  // namespace

Backend cuda_backend() {
  Backend backend{"cuda",   "cuDNN and cuBLASLt on an NVIDIA GPU", false, why_not, cuda::prepare_session,
                  libraries};
  backend.device = the_device;
  backend.measure_ceilings = cuda::measure_ceilings;
  return backend;
}

}  // namespace bitsweep
