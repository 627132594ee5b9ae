#include "backends/onednn/onednn.h"

#include <fmt/format.h>

#include "backends/onednn/adapter.h"
#include "backends/onednn/precisions.h"
#include "backends/onednn/session.h"

namespace bitsweep {
namespace {

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
  if (auto reason =
          onednn::lacking_instructions(onednn::engine_features(), request.precision, request.allow_emulation))
    return reason;
  for (const Layer& layer : network.layers())
    if (auto reason = lacking_operation(layer)) return reason;
  return std::nullopt;
}

std::optional<std::string> emulation(Precision precision) {
  return onednn::emulation(onednn::engine_features(), precision);
}

std::vector<Library> libraries() {
  return {{"oneDNN", onednn::library_version()}};
}

}  // namespace

Backend onednn_backend() {
  return {"onednn", "oneDNN on the CPU", false, why_not, onednn::prepare_session, libraries, emulation};
}

}  // namespace bitsweep
