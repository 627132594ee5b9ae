#include "harness/roofline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

double arithmetic_of_all_ns(std::span<const LayerRecord> layers, const Ceilings& ceilings) {
  double sum = 0;
  for (const LayerRecord& layer : layers) sum += arithmetic_bound_ns(layer, ceilings).value_or(0);
  return sum;
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
  double bytes_per_s = 0, seconds = 0;
  int64_t rest = layer.bytes;
  for (auto set = ceilings.bandwidth.rbegin(); set != ceilings.bandwidth.rend(); ++set) {
    bytes_per_s = std::max(bytes_per_s, set->bytes_per_s);
    const int64_t in_smaller = std::next(set) == ceilings.bandwidth.rend() ? 0 : set->working_set;
    if (rest <= in_smaller) continue;
    seconds += static_cast<double>(rest - in_smaller) / bytes_per_s;
    rest = in_smaller;
  }
  return seconds * ns_per_s;
}

std::optional<Roof> roof(const LayerRecord& layer, const Ceilings& ceilings) {
  const double arithmetic = arithmetic_bound_ns(layer, ceilings).value_or(0);
  const double memory = memory_bound_ns(layer, ceilings);
  const double bound = std::max(arithmetic, memory);
  if (layer.time_ns <= 0 || bound <= 0) return std::nullopt;
  const double share = bound / layer.time_ns;
  return Roof{bound, memory > arithmetic && share >= near_a_roof, share};
}

Roofline roofline(std::span<const LayerRecord> layers, const Ceilings& ceilings) {
  Roofline result;
  double time = 0, memory_bound_time = 0;
  for (const LayerRecord& layer : layers) {
    time += layer.time_ns;
    const auto bound = roof(layer, ceilings);
    if (bound && bound->memory_bound) memory_bound_time += layer.time_ns;
  }
  if (time <= 0) return result;
  if (const double arithmetic_time = arithmetic_of_all_ns(layers, ceilings); arithmetic_time > 0)
    result.arithmetic_share = arithmetic_time / time;
  result.memory_bound_share = memory_bound_time / time;
  return result;
}

std::string too_fast(std::span<const LayerRecord> layers, const Ceilings& one, const Ceilings& all,
                     double inference_ns) {
  std::vector<std::string> arithmetic, memory, found;
  for (const LayerRecord& layer : layers) {
    if (arithmetic_bound_ns(layer, one).value_or(0) > layer.time_ns * (1 + ceiling_tolerance))
      arithmetic.push_back(layer.name);
    if (memory_bound_ns(layer, one) > layer.time_ns * (1 + memory_tolerance)) memory.push_back(layer.name);
  }
  if (!arithmetic.empty())
    found.push_back(fmt::format("faster than this machine's arithmetic: {}", fmt::join(arithmetic, ", ")));
  if (!memory.empty())
    found.push_back(fmt::format("faster than this machine's memory: {}", fmt::join(memory, ", ")));
  if (const double least_ns = arithmetic_of_all_ns(layers, all);
      least_ns > inference_ns * (1 + ceiling_tolerance))
    found.push_back(
        fmt::format("the inferences come {:.2f} times as fast as the arithmetic of {} threads allows",
                    least_ns / inference_ns, all.threads));
  return fmt::format("{}", fmt::join(found, "; "));
}

}  // namespace bitsweep
