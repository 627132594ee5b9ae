#include "harness/formats/onnx/tensors.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/half.h"

namespace bitsweep::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace fs = std::filesystem;
using ::onnx::TensorProto;

constexpr int most_dimensions = 8;

struct TypeEntry {
  int32_t onnx_type;
  NumberType type;
  size_t bytes;  ///< of one element in raw data
};
constexpr std::array<TypeEntry, 9> types = {{
    {TensorProto::FLOAT, NumberType::float32, 4},
    {TensorProto::FLOAT16, NumberType::float16, 2},
    {TensorProto::BFLOAT16, NumberType::bfloat16, 2},
    {TensorProto::DOUBLE, NumberType::float64, 8},
    {TensorProto::INT8, NumberType::int8, 1},
    {TensorProto::UINT8, NumberType::uint8, 1},
    {TensorProto::INT32, NumberType::int32, 4},
    {TensorProto::INT64, NumberType::int64, 8},
    {TensorProto::BOOL, NumberType::boolean, 1},
}};

const TypeEntry& entry_of(int32_t onnx_type) {
  for (const TypeEntry& entry : types)
    if (entry.onnx_type == onnx_type) return entry;
  throw Error(
      fmt::format("data type {} cannot be read; right is float, float16, bfloat16, double, int8, uint8, "
                  "int32, int64 or bool",
                  TensorProto::DataType_IsValid(onnx_type)
                      ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(onnx_type))
                      : std::to_string(onnx_type)));
}

/// The shape, and how many elements it has, which fit into an int64_t also as bytes.
Shape checked_shape(const TensorProto& tensor, size_t element_bytes, uint64_t& count) {
  if (tensor.dims_size() > most_dimensions)
    throw Error(
        fmt::format("it has {} dimensions; right is at most {}", tensor.dims_size(), most_dimensions));
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  uint64_t bytes = element_bytes;
  for (int64_t size : shape) {
    if (size < 0) throw Error(fmt::format("size {} is impossible; right is 0 or more", size));
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes) || bytes > INT64_MAX)
      throw Error(
          fmt::format("its shape {} overflows; right is a tensor that fits into memory", to_text(shape)));
  }
  count = bytes / element_bytes;
  if (count > most_stored_numbers)
    throw Error(fmt::format("its shape {} is too large; right is at most {} numbers", to_text(shape),
                            most_stored_numbers));
  return shape;
}

// ---- External data
// -------------------------------------------------------------------------------------------------------

uint64_t parse_number(const std::string& key, const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(fmt::format("its external {} is '{}'; right is a number, 0 or more", key, printable(text)));
  return value;
}

/// The file of external data, links resolved: it must lie within the folder of the model.
fs::path external_file(const std::string& location, const std::string& model) {
  const fs::path relative(location);
  bool leaves = location.empty() || relative.is_absolute() || location.find('\0') != std::string::npos;
  for (const fs::path& part : relative) leaves |= part == "..";
  if (leaves)
    throw Error(fmt::format("its external data lies in '{}'; right is a file within the folder of the model",
                            printable(location)));
  std::error_code error;
  const fs::path folder = fs::canonical(fs::absolute(model).parent_path(), error);
  const fs::path file = error ? fs::path() : fs::canonical(folder / relative, error);
  if (error || !fs::is_regular_file(file, error))
    throw Error(fmt::format("its external data '{}' cannot be opened; right is a file beside the model",
                            printable(location)));
  const fs::path inside = file.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..")
    throw Error(
        fmt::format("its external data '{}' leads out of the folder of the model; right is a file in it",
                    printable(location)));
  return file;
}

std::string read_external(const TensorProto& tensor, uint64_t bytes, const std::string& model) {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number("offset", entry.value());
    if (entry.key() == "length") length = parse_number("length", entry.value());
  }
  if (length && *length != bytes)
    throw Error(fmt::format("its external data has {} bytes; right is {} for shape {}", *length, bytes,
                            to_text(Shape(tensor.dims().begin(), tensor.dims().end()))));
  const fs::path path = external_file(location, model);
  const uint64_t size = fs::file_size(path);
  if (offset > size || size - offset < bytes)
    throw Error(fmt::format("its external data '{}' has {} bytes; right is {} from byte {} on",
                            printable(location), size, bytes, offset));
  std::string data(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  if (!file.read(data.data(), static_cast<std::streamsize>(bytes)))
    throw Error(fmt::format("its external data '{}' cannot be read", printable(location)));
  return data;
}

// ---- Numbers
// -------------------------------------------------------------------------------------------------------------

template <class Stored, class Target, class Convert>
void widen_raw(const std::string& raw, std::vector<Target>& values, Convert&& convert) {
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, raw.data() + i * sizeof stored, sizeof stored);
    values[i] = static_cast<Target>(convert(stored));
  }
}

void read_raw(const std::string& raw, Constant& constant) {
  const auto same = [](auto value) { return value; };
  switch (constant.type) {
    case NumberType::float32:
      return widen_raw<float>(raw, constant.reals, same);
    case NumberType::float16:
      return widen_raw<uint16_t>(raw, constant.reals, float_of_half);
    case NumberType::bfloat16:
      return widen_raw<uint16_t>(raw, constant.reals, float_of_bfloat16);
    case NumberType::float64:
      return widen_raw<double>(raw, constant.reals, same);
    case NumberType::int8:
      return widen_raw<int8_t>(raw, constant.reals, same);
    case NumberType::uint8:
      return widen_raw<uint8_t>(raw, constant.reals, same);
    case NumberType::int32:
      return widen_raw<int32_t>(raw, constant.integers, same);
    case NumberType::int64:
      return widen_raw<int64_t>(raw, constant.integers, same);
    case NumberType::boolean:
      return widen_raw<uint8_t>(raw, constant.integers, [](uint8_t value) { return value != 0; });
  }
}

/// Fields of one type share int32_data; a number beyond the type is a broken file.
template <class Stored>
Stored narrow(int32_t value) {
  if (value < std::numeric_limits<Stored>::min() || value > std::numeric_limits<Stored>::max())
    throw Error(fmt::format("it holds {}, which is beyond its data type; right is a whole file", value));
  return static_cast<Stored>(value);
}

void read_fields(const TensorProto& tensor, Constant& constant) {
  const auto& small = tensor.int32_data();
  const auto fill = [](const auto& field, auto& values, auto&& convert) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = convert(field[static_cast<int>(i)]);
  };
  const auto as_float = [](auto value) { return static_cast<float>(value); };
  switch (constant.type) {
    case NumberType::float32:
      return fill(tensor.float_data(), constant.reals, as_float);
    case NumberType::float64:
      return fill(tensor.double_data(), constant.reals, as_float);
    case NumberType::float16:
      return fill(small, constant.reals, [](int32_t bits) { return float_of_half(narrow<uint16_t>(bits)); });
    case NumberType::bfloat16:
      return fill(small, constant.reals,
                  [](int32_t bits) { return float_of_bfloat16(narrow<uint16_t>(bits)); });
    case NumberType::int8:
      return fill(small, constant.reals, narrow<int8_t>);
    case NumberType::uint8:
      return fill(small, constant.reals, narrow<uint8_t>);
    case NumberType::int32:
      return fill(small, constant.integers, [](int32_t value) { return int64_t{value}; });
    case NumberType::boolean:
      return fill(small, constant.integers, [](int32_t value) { return int64_t{value != 0}; });
    case NumberType::int64:
      return fill(tensor.int64_data(), constant.integers, [](int64_t value) { return value; });
  }
}

size_t field_count(const TensorProto& tensor, NumberType type) {
  switch (type) {
    case NumberType::float32:
      return tensor.float_data_size();
    case NumberType::float64:
      return tensor.double_data_size();
    case NumberType::int64:
      return tensor.int64_data_size();
    default:
      return tensor.int32_data_size();
  }
}

}  // namespace

NumberType number_type(int32_t onnx_type) {
  return entry_of(onnx_type).type;
}

Constant take_tensor(TensorProto& tensor, const std::string& file) {
  const TypeEntry& entry = entry_of(tensor.data_type());
  uint64_t count = 0;
  Constant constant{entry.type, checked_shape(tensor, entry.bytes, count), {}, {}};
  if (tensor.has_segment()) throw Error("it is a segment of a tensor; right is a whole one");
  // The data first: nothing is made for what is not there.
  const bool external = tensor.data_location() == TensorProto::EXTERNAL;
  const bool raw = external || tensor.has_raw_data();
  const size_t fields = field_count(tensor, entry.type);
  if (raw && fields > 0) throw Error("it has its data twice, raw and in fields; right is once");
  std::string bytes;
  if (external)
    bytes = read_external(tensor, count * entry.bytes, file);
  else if (raw)
    bytes = std::move(*tensor.mutable_raw_data());
  if (raw && bytes.size() != count * entry.bytes)
    throw Error(fmt::format("it has {} bytes of data; right is {} for shape {}", bytes.size(),
                            count * entry.bytes, to_text(constant.shape)));
  if (!raw && fields != count)
    throw Error(
        fmt::format("it has {} numbers; right is {} for shape {}", fields, count, to_text(constant.shape)));
  if (constant.is_integer())
    constant.integers.resize(count);
  else
    constant.reals.resize(count);
  raw ? read_raw(bytes, constant) : read_fields(tensor, constant);
  tensor.Clear();
  return constant;
}

}  // namespace bitsweep::onnx
