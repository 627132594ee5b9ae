#include "backends/onednn/evidence.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "backends/onednn/numbers.h"

namespace bitsweep::onednn {
namespace {

/// How the names of instruction sets begin that implementations of oneDNN are named after.
constexpr std::array<std::string_view, 6> instruction_sets = {"sse", "avx", "amx", "sve", "asimd", "rv64"};

template <class Text>
std::string of_tensors(const Operator& executed, const Text& text) {
  const bool weighted = executed.weights.get_size() > 0;
  return fmt::format("{}:{}:{}", text(executed.source), weighted ? text(executed.weights) : "",
                     text(executed.destination));
}

}  // namespace

std::string isa_of(std::string_view implementation) {
  for (size_t colon = implementation.find(':'); colon != implementation.npos;) {
    const size_t begin = colon + 1;
    colon = implementation.find(':', begin);
    const std::string_view part = implementation.substr(begin, colon - begin);
    if (std::any_of(instruction_sets.begin(), instruction_sets.end(),
                    [&](std::string_view name) { return part.starts_with(name); }))
      return std::string(part);
  }
  return "";
}

std::string layout_text(const memory::desc& layout) {
  if (dims_of(layout).empty()) return "";
  const std::optional<Blocking> blocking = blocking_of(layout);
  if (!blocking) return "opaque";
  memory::dims outer = dims_of(layout), inner(outer.size(), 1);
  for (const auto& [dim, size] : blocking->blocks) inner[dim] *= size;
  for (size_t dim = 0; dim < outer.size(); ++dim) outer[dim] = (outer[dim] + inner[dim] - 1) / inner[dim];

  std::vector<size_t> order(outer.size());
  std::iota(order.begin(), order.end(), 0);
  // A dimension of size 1 may have the stride of its neighbour, and stands behind it.
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (blocking->strides[a] != blocking->strides[b]) return blocking->strides[a] > blocking->strides[b];
    return outer[a] > outer[b];
  });
  std::string text;
  for (const size_t dim : order)
    text += static_cast<char>((inner[dim] == 1 ? 'a' : 'A') + static_cast<char>(dim));
  for (const auto& [dim, size] : blocking->blocks)
    text += fmt::format("{}{}", size, static_cast<char>('a' + static_cast<char>(dim)));
  return text;
}

std::string data_types(const Operator& executed) {
  return of_tensors(executed, [](const memory::desc& tensor) { return to_text(data_type_of(tensor)); });
}

std::string layouts(const Operator& executed) {
  return of_tensors(executed, layout_text);
}

}  // namespace bitsweep::onednn
