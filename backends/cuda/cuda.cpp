#include "backends/cuda/cuda.h"

#include <cublasLt.h>
#include <cudnn.h>
#include <fmt/format.h>

#include "backends/cuda/ceilings.h"
#include "backends/cuda/device.h"
#include "harness/error.h"

namespace bitsweep {
namespace {

std::optional<std::string> why_not(const Network&, const SessionRequest&) {
  if (const std::string& reason = cuda::why_no_device(); !reason.empty()) return reason;
  return "the CUDA backend only measures ceilings so far";
}

std::unique_ptr<Session> prepare(const Network&, const SessionRequest&) {
  throw Error("cuda: the CUDA backend only measures ceilings so far");
}

std::vector<Library> libraries() {
  const size_t cublas = cublasLtGetVersion(), cudnn = cudnnGetVersion();
  return {{"cuDNN", fmt::format("{}.{}.{}", cudnn / 10000, cudnn % 10000 / 100, cudnn % 100)},
          {"cuBLASLt", fmt::format("{}.{}.{}", cublas / 10000, cublas % 10000 / 100, cublas % 100)}};
}

Device the_device() {
  const std::string& reason = cuda::why_no_device();
  return reason.empty() ? Device{cuda::device().name, ""} : Device{"", reason};
}

}  // namespace

Backend cuda_backend() {
  Backend backend{"cuda", "cuDNN and cuBLASLt on an NVIDIA GPU", false, why_not, prepare, libraries};
  backend.device = the_device;
  backend.measure_ceilings = cuda::measure_ceilings;
  return backend;
}

}  // namespace bitsweep
