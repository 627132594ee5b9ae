#include "harness/roofline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace bitsweep {
namespace {

constexpr double ns_per_s = 1e9;

/// The type between the two colons of "source:weights:destination"; empty if there is none.
std::string_view weights_type(std::string_view data_types) {
  const size_t first = data_types.find(':');
  const size_t last = data_types.rfind(':');
  return first == last ? "" : data_types.substr(first + 1, last - first - 1);
}

/// The precision in whose instructions weights of this type are multiplied; empty if unknown.
std::string_view precision_of(std::string_view type) {
  struct Entry {
    std::string_view type, precision;
  };
  static constexpr std::array<Entry, 5> table = {
      {{"f32", "fp32"}, {"bf16", "bf16"}, {"f16", "fp16"}, {"s8", "int8"}, {"u8", "int8"}}};
  const auto found =
      std::find_if(table.begin(), table.end(), [&](auto& entry) { return entry.type == type; });
  return found == table.end() ? "" : found->precision;
}

}  // namespace

ComputedShares computed_shares(const Network& network) {
  ComputedShares shares;
  for (size_t layer = 0; layer < network.layers().size(); ++layer)
    if (const int64_t counted = macs(network, layer); counted > 0)
      shares[network.layers()[layer].name] =
          static_cast<double>(macs_on_image(network, layer)) / static_cast<double>(counted);
  return shares;
}

std::vector<LayerRecord> without_padding(std::span<const LayerRecord> layers, const ComputedShares& shares) {
  std::vector<LayerRecord> result(layers.begin(), layers.end());
  for (LayerRecord& record : result)
    if (const auto share = shares.find(record.name); share != shares.end())
      record.macs = std::llround(share->second * static_cast<double>(record.macs));
  return result;
}

std::optional<double> arithmetic_bound_ns(const LayerRecord& layer, const Ceilings& ceilings) {
  if (layer.macs <= 0) return std::nullopt;
  const std::string_view precision = precision_of(weights_type(layer.data_types));
  double macs_per_s = 0;
  for (const Arithmetic& arithmetic : ceilings.arithmetic)
    if (arithmetic.precision == precision) macs_per_s = std::max(macs_per_s, arithmetic.macs_per_s);
  if (macs_per_s == 0) return std::nullopt;
  return static_cast<double>(layer.macs) / macs_per_s * ns_per_s;
}

double memory_bound_ns(const LayerRecord& layer, const Ceilings& ceilings) {
  double bytes_per_s = 0;
  for (auto set = ceilings.bandwidth.rbegin(); set != ceilings.bandwidth.rend(); ++set) {
    bytes_per_s = std::max(bytes_per_s, set->bytes_per_s);
    if (set->working_set <= layer.bytes) break;
  }
  return bytes_per_s > 0 ? static_cast<double>(layer.bytes) / bytes_per_s * ns_per_s : 0;
}

std::optional<Roof> roof(const LayerRecord& layer, const Ceilings& ceilings) {
  const double arithmetic = arithmetic_bound_ns(layer, ceilings).value_or(0);
  const double memory = memory_bound_ns(layer, ceilings);
  const double bound = std::max(arithmetic, memory);
  if (layer.time_ns <= 0 || bound <= 0) return std::nullopt;
  return Roof{bound, memory > arithmetic, bound / layer.time_ns};
}

Roofline roofline(std::span<const LayerRecord> layers, const Ceilings& ceilings) {
  Roofline result;
  double time = 0, arithmetic_time = 0, memory_bound_time = 0;
  for (const LayerRecord& layer : layers) {
    time += layer.time_ns;
    const auto bound = roof(layer, ceilings);
    if (bound && bound->memory_bound) memory_bound_time += layer.time_ns;
    const double arithmetic = arithmetic_bound_ns(layer, ceilings).value_or(0);
    arithmetic_time += arithmetic;
    if (arithmetic > layer.time_ns * (1 + ceiling_tolerance)) result.above_ceiling.push_back(layer.name);
  }
  if (time <= 0) return result;
  if (arithmetic_time > 0) result.arithmetic_share = arithmetic_time / time;
  result.memory_bound_share = memory_bound_time / time;
  return result;
}

}  // namespace bitsweep
