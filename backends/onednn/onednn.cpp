#include "backends/onednn/onednn.h"

#include <algorithm>

#include <fmt/format.h>

#include "backends/onednn/adapter.h"
#include "backends/onednn/session.h"
#include "harness/machine.h"

namespace bitsweep {
namespace {

bool cpu_has(const std::string& extension) {
  const std::vector<std::string> isa = inspect_machine().isa;
  return std::find(isa.begin(), isa.end(), extension) != isa.end();
}

/// Precisions for which this CPU has only slow or emulated kernels: their figures would mislead.
std::optional<std::string> lacking_instructions(Precision precision) {
  const onednn::EngineFeatures features = onednn::engine_features();
  switch (precision) {
    case Precision::fp32:
      return std::nullopt;
    case Precision::bf16:
      if (features.bf16) return std::nullopt;
      return "CPU lacks avx512_bf16 and amx_bf16: oneDNN would emulate bf16 with fp32 instructions";
    case Precision::fp16:
      if (features.fp16) return std::nullopt;
      if (cpu_has("avx512_fp16"))
        return fmt::format("oneDNN {} has no fp16 kernels for CPUs; version 3 has",
                           onednn::library_version());
      return "CPU lacks avx512_fp16: oneDNN has no fp16 kernels for it";
    case Precision::int8:
      if (features.int8) return std::nullopt;
      return "CPU lacks avx2: oneDNN has no fast int8 kernels for it";
  }
  return "unknown precision";
}

bool dilated(const Window& window) {
  return window.dilation != std::array<int64_t, 2>{1, 1};
}

std::optional<std::string> lacking_operation(const Layer& layer) {
  if (std::holds_alternative<BatchNormalization>(layer.operation))
    return fmt::format(
        "layer '{}': batch normalization of vectors runs only where it follows a linear layer, into which it "
        "is folded",
        layer.name);
  const auto* max = std::get_if<MaxPool>(&layer.operation);
  const auto* average = std::get_if<AveragePool>(&layer.operation);
  if ((max && dilated(max->window)) || (average && dilated(average->window)))
    return fmt::format("layer '{}': pooling with dilation is not supported", layer.name);
  return std::nullopt;
}

std::optional<std::string> why_not(const Network& network, const SessionRequest& request) {
  if (auto reason = lacking_instructions(request.precision)) return reason;
  for (const Layer& layer : network.layers())
    if (auto reason = lacking_operation(layer)) return reason;
  return std::nullopt;
}

std::vector<Library> libraries() {
  return {{"oneDNN", onednn::library_version()}};
}

}  // namespace

Backend onednn_backend() {
  return {"onednn", "oneDNN on the CPU", false, why_not, onednn::prepare_session, libraries};
}

}  // namespace bitsweep
