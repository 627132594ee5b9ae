#include "harness/formats/onnx/graph.h"

#include <fmt/format.h>

namespace bitsweep::onnx {

std::string place_of(const std::string& path, const Node& node, int64_t opset, const std::string& domain) {
  return fmt::format("{}: node '{}' ({}, domain {}, opset {})", path, node.name, node.type, domain, opset);
}

}  // namespace bitsweep::onnx
