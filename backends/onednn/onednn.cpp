#include "backends/onednn/onednn.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/onednn/adapter.h"
#include "backends/onednn/session.h"
#include "harness/machine.h"

namespace bitsweep {
namespace {

bool has(const Machine& machine, const char* extension) {
  return std::find(machine.isa.begin(), machine.isa.end(), extension) != machine.isa.end();
}

/// What this CPU or library lacks for a precision.
std::optional<std::string> missing_for(Precision precision) {
  const Machine machine = inspect_machine();
  switch (precision) {
    case Precision::bf16:
      if (!has(machine, "avx512_bf16") && !has(machine, "amx_bf16"))
        return "this CPU has neither avx512_bf16 nor amx_bf16: oneDNN would emulate bf16, slower than fp32";
      return std::nullopt;
    case Precision::fp16:
      if (!has(machine, "avx512_fp16")) return "this CPU lacks avx512_fp16: oneDNN has no fp16 arithmetic for it";
      if (DNNL_VERSION_MAJOR < 3) return fmt::format("oneDNN {} has no fp16 for CPUs; 3.0 and later have", onednn::version());
      return std::nullopt;
    case Precision::int8:
      if (!has(machine, "avx2")) return "this CPU lacks avx2: oneDNN has only reference code for int8";
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<std::string> why_not(const Network& network, const SessionRequest& request) {
  for (const Layer& layer : network.layers())
    if (std::holds_alternative<BatchNormalization>(layer.operation))
      return fmt::format("layer {}: a BatchNormalization that follows no convolution or linear layer", layer.name);
  return missing_for(request.precision);
}

std::vector<Library> libraries() { return {{"oneDNN", onednn::version()}}; }

}  // namespace

Backend onednn_backend() { return {"onednn", "oneDNN on the CPU", false, why_not, onednn::prepare, libraries}; }

}  // namespace bitsweep
