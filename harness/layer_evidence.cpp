#include "harness/layer_evidence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace bitsweep {
namespace {

/// "x64:gemm:jit" → "x64", "gemm", "jit"
std::vector<std::string_view> parts_of(std::string_view implementation) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= implementation.size();) {
    const size_t colon = std::min(implementation.find(':', begin), implementation.size());
    parts.push_back(implementation.substr(begin, colon - begin));
    begin = colon + 1;
  }
  return parts;
}

/// Whether source and destination lie in memory alike.
bool plain_copy(const LayerRecord& layer) {
  const size_t first = layer.layouts.find(':'), last = layer.layouts.rfind(':');
  return first != layer.layouts.npos && layer.layouts.substr(0, first) == layer.layouts.substr(last + 1);
}

/// What kind of code that is, in words; nothing if it is fast.
const char* slow_code(const LayerRecord& layer) {
  for (const std::string_view part : parts_of(layer.implementation)) {
    if (part == "ref" || part.starts_with("ref_")) return "reference code of the engine";
    if (part.starts_with("simple") && layer.kind != "concatenation" &&
        !(between_layers(layer) && plain_copy(layer)))
      return "plain loops of the engine";
    if (part.starts_with("gemm") && layer.kind == "convolution")
      return "a product of matrices after unrolling the image, for want of a kernel that fits";
  }
  return nullptr;
}

}  // namespace

bool between_layers(const LayerRecord& layer) {
  return layer.kind == "reorder" || layer.kind == "quantize" || layer.kind == "dequantize";
}

std::optional<std::string> fallback(const LayerRecord& layer) {
  const char* code = slow_code(layer);
  if (code == nullptr) return std::nullopt;
  return fmt::format("layer '{}' ({}) ran in '{}': {}", layer.name, layer.kind, layer.implementation, code);
}

double layers_time_ns(const std::vector<LayerRecord>& layers) {
  return std::accumulate(layers.begin(), layers.end(), 0.0,
                         [](double sum, const LayerRecord& layer) { return sum + layer.time_ns; });
}

double reorder_share(const std::vector<LayerRecord>& layers) {
  const double whole = layers_time_ns(layers);
  double added = 0;
  for (const LayerRecord& layer : layers) added += between_layers(layer) ? layer.time_ns : 0;
  return whole > 0 ? added / whole : 0;
}

Coverage coverage(const std::vector<LayerRecord>& layers, double end_to_end_ns) {
  if (!(end_to_end_ns > 0)) throw std::invalid_argument("coverage of an inference that took no time");
  const double share = layers_time_ns(layers) / end_to_end_ns;
  return {share, std::abs(share - 1) <= coverage_tolerance};
}

}  // namespace bitsweep
