#include "backends/onednn/numbers.h"

#include <fmt/format.h>

#include "harness/compression/quantization.h"
#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

NumberFormat int8_format(const Range& range) {
  const StoredRange stored = store_range(range);
  return {stored.is_unsigned ? memory::data_type::u8 : memory::data_type::s8, stored.scale};
}

/// Layers that move or select numbers, and so keep their format.
bool keeps_format(const Operation& operation) {
  const auto* activation = std::get_if<Activation>(&operation);
  return std::holds_alternative<MaxPool>(operation) || std::holds_alternative<Flatten>(operation) ||
         (activation && *activation == relu);
}

/// Layers that accumulate in fp32 or int32 and can store any type, or compute in fp32 in any case. From 16
/// bits to fp32, sums and products have plain loops only.
bool can_write_fp32(const Operation& operation, Precision precision) {
  if (std::holds_alternative<Add>(operation) || std::holds_alternative<Multiply>(operation))
    return precision == Precision::fp32 || precision == Precision::int8;
  return computes_in_fp32(operation) || std::holds_alternative<Convolution>(operation) ||
         std::holds_alternative<Linear>(operation);
}

memory::data_type floating_type(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return memory::data_type::f32;
    case Precision::bf16:
      return memory::data_type::bf16;
    case Precision::fp16:
      return memory::data_type::f16;
    case Precision::int8:
      break;
  }
  throw Error("oneDNN: int8 has no floating-point type");
}

}  // namespace

bool computes_in_fp32(const Operation& operation) {
  const auto* activation = std::get_if<Activation>(&operation);
  return std::holds_alternative<Softmax>(operation) || (activation && *activation != relu);
}

std::vector<NumberFormat> choose_formats(const Network& network, const SessionRequest& request) {
  const std::vector<Layer>& layers = network.layers();
  const bool int8 = request.precision == Precision::int8;
  if (int8 && request.ranges.size() != layers.size())
    throw Error(
        fmt::format("oneDNN: network '{}': {} activation ranges for {} layers; int8 needs one a layer",
                    network.name(), request.ranges.size(), layers.size()));
  std::vector<NumberFormat> formats;
  for (size_t index = 0; index < layers.size(); ++index) {
    if (keeps_format(layers[index].operation))
      formats.push_back(formats[layers[index].inputs[0]]);
    else
      formats.push_back(int8 ? int8_format(request.ranges[index])
                             : NumberFormat{floating_type(request.precision), 1.F});
  }
  if (can_write_fp32(layers.back().operation, request.precision)) formats.back() = {};
  return formats;
}

std::string to_text(memory::data_type type) {
  switch (type) {
    case memory::data_type::f32:
      return "f32";
    case memory::data_type::bf16:
      return "bf16";
    case memory::data_type::f16:
      return "f16";
    case memory::data_type::s8:
      return "s8";
    case memory::data_type::u8:
      return "u8";
    default:
      return fmt::format("type {}", static_cast<int>(type));
  }
}

size_t size_of(memory::data_type type) {
  switch (type) {
    case memory::data_type::f32:
      return 4;
    case memory::data_type::bf16:
    case memory::data_type::f16:
      return 2;
    default:
      return 1;
  }
}

}  // namespace bitsweep::onednn
