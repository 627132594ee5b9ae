#include "harness/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/formats/half.h"
#include "harness/formats/printable.h"
#include "harness/formats/whole_file.h"

namespace bitsweep {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr uint64_t length_bytes = 8;
constexpr uint64_t most_header_bytes = 100'000'000;  ///< the format's own limit
constexpr size_t most_dimensions = 8;
constexpr size_t most_tensors =
    100'000;  ///< DenseNet-201 has 1,000; the largest language models tens of thousands
constexpr size_t most_values = most_tensors * (most_dimensions + 8);  ///< of JSON, names and notes among them
constexpr size_t most_depth = 3;                                      ///< header, tensor, shape

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("{}: {}", path, why));
}

// ---- Number formats
// --------------------------------------------------------------------------------------------------

float from_f32(const std::byte* bytes) {
  float value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

uint16_t bits_of(const std::byte* bytes) {
  uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

float from_bf16(const std::byte* bytes) {
  return float_of_bfloat16(bits_of(bytes));
}

float from_f16(const std::byte* bytes) {
  return float_of_half(bits_of(bytes));
}

struct DataType {
  const char* name;
  uint64_t size;  ///< bytes
  float (*read)(const std::byte*);
};
constexpr std::array<DataType, 3> data_types = {
    {{"F32", 4, from_f32}, {"F16", 2, from_f16}, {"BF16", 2, from_bf16}}};

/// PyTorch's counter of training steps in each BatchNorm: 64-bit integers, and no weight.
bool is_step_counter(const std::string& name) {
  return name.ends_with(".num_batches_tracked");
}

// ---- The header
// ------------------------------------------------------------------------------------------------------

/// A tensor as the header describes it, checked in itself.
struct Entry {
  std::string name;
  const DataType* type = nullptr;  ///< null for a step counter
  Shape shape;
  uint64_t begin = 0, end = 0;  ///< bytes, from the end of the header
};

/// Reads a header without keeping it, and refuses what the JSON of nlohmann would silently accept or take
/// much memory for: names that come twice, and more values or a deeper nest than tensors need.
class HeaderCheck : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderCheck(const std::string& path) : path_(path) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(size_t) override {
    names_.emplace_back();
    return open();
  }
  bool key(string_t& name) override {
    if (!names_.back().insert(name).second)
      refuse(path_, fmt::format("its header has '{}' twice; right is once", printable(name)));
    if (depth_ == 1 && names_.back().size() > most_tensors)
      refuse(path_, fmt::format("its header has more than {} tensors; right is fewer", most_tensors));
    return count();
  }
  bool end_object() override {
    names_.pop_back();
    return close();
  }
  bool start_array(size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t place, const std::string&, const nlohmann::detail::exception&) override {
    // Not nlohmann's words, which repeat bytes of the file.
    refuse(path_, fmt::format("its header is not JSON from byte {} on; right is a safetensors file", place));
  }

 private:
  bool count() {
    if (++values_ > most_values)
      refuse(path_, fmt::format("its header has more than {} values; right is fewer", most_values));
    return true;
  }
  bool open() {
    if (++depth_ > most_depth)
      refuse(
          path_,
          fmt::format("its header is nested deeper than {}; right is {{\"NAME\": {{\"shape\": [...], ...}}}}",
                      most_depth));
    return count();
  }
  bool close() {
    --depth_;
    return true;
  }

  const std::string& path_;
  std::vector<std::unordered_set<std::string>> names_;  ///< of the objects that are open
  size_t values_ = 0, depth_ = 0;
};

/// The header as JSON.
Json parse_header(const std::string& path, const std::string& text) {
  HeaderCheck check(path);
  Json::sax_parse(text, &check);
  Json header = Json::parse(text);
  if (!header.is_object()) refuse(path, "its header is not a JSON object; right is {\"NAME\": {...}, ...}");
  return header;
}

Entry parse_entry(const std::string& path, const std::string& name, const Json& json) {
  const auto check = [&](bool right, const std::string& why) {
    if (!right) refuse(path, fmt::format("tensor '{}': {}", printable(name), why));
  };
  check(json.is_object() && json.contains("dtype") && json.contains("shape") && json.contains("data_offsets"),
        "its description is incomplete; right is dtype, shape and data_offsets");
  Entry entry{name, nullptr, {}, 0, 0};

  const std::string type =
      json["dtype"].is_string() ? json["dtype"].get<std::string>() : json["dtype"].dump();
  const auto known =
      std::find_if(data_types.begin(), data_types.end(), [&](auto& t) { return type == t.name; });
  check(known != data_types.end() || is_step_counter(name),
        fmt::format("data type {} cannot be read; right is F32, F16 or BF16", printable(type)));
  if (known != data_types.end()) entry.type = known;

  check(json["shape"].is_array() && json["shape"].size() <= most_dimensions,
        fmt::format("its shape is not a list; right is up to {} sizes", most_dimensions));
  uint64_t bytes = entry.type ? entry.type->size : 8;
  for (const Json& size : json["shape"]) {
    check(size.is_number_unsigned(),
          fmt::format("size {} is impossible; right is 0 or more", printable(size.dump())));
    check(!__builtin_mul_overflow(bytes, size.get<uint64_t>(), &bytes) && bytes <= INT64_MAX,
          "its size overflows; right is a tensor that fits into memory");
    entry.shape.push_back(static_cast<int64_t>(size.get<uint64_t>()));
  }

  const Json& offsets = json["data_offsets"];
  check(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
            offsets[1].is_number_unsigned(),
        "its data_offsets are impossible; right is [begin, end]");
  entry.begin = offsets[0], entry.end = offsets[1];
  check(entry.begin <= entry.end && entry.end - entry.begin == bytes,
        fmt::format("its data_offsets [{}, {}] do not hold shape {}; right is {} bytes", entry.begin,
                    entry.end, to_text(entry.shape), bytes));
  return entry;
}

/// Tensors must follow each other without gap or overlap and fill the file: nothing is hidden, nothing
/// shared.
void check_layout(const std::string& path, std::vector<Entry>& entries, uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected)
      refuse(path, fmt::format(
                       "tensor '{}' begins at byte {} of the data; right is {}, where the one before it ends",
                       printable(entry.name), entry.begin, expected));
    expected = entry.end;
  }
  if (expected != data_bytes)
    refuse(path, fmt::format("its tensors take {} bytes of data but it holds {}; right is a whole file",
                             expected, data_bytes));
}

struct Header {
  std::vector<Entry> entries;  ///< in the order of the data
  std::map<std::string, std::string> metadata;
};

Header read_header(const std::string& path, std::ifstream& file, uint64_t file_bytes) {
  uint64_t length = 0;
  if (file_bytes < length_bytes || !file.read(reinterpret_cast<char*>(&length), length_bytes))
    refuse(path, fmt::format("holds {} bytes; right is a safetensors file", file_bytes));
  if (length > std::min(most_header_bytes, file_bytes - length_bytes))
    refuse(path, fmt::format("claims a header of {} bytes in a file of {}; right is a safetensors file",
                             length, file_bytes));
  std::string text(length, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(length))) refuse(path, "cannot be read");
  const Json json = parse_header(path, text);
  Header header;
  for (const auto& [name, value] : json.items()) {
    if (name != "__metadata__") {
      header.entries.push_back(parse_entry(path, name, value));
      continue;
    }
    for (const auto& [key, note] : value.items()) {
      if (!value.is_object() || !note.is_string())
        refuse(path, "its __metadata__ is not text; right is {\"NAME\": \"TEXT\", ...}");
      header.metadata[key] = note;
    }
  }
  check_layout(path, header.entries, file_bytes - length_bytes - length);
  return header;
}

// ---- Writing
// ---------------------------------------------------------------------------------------------------------

std::string header_text(const Checkpoint& checkpoint) {
  Json header = Json::object();
  if (!checkpoint.metadata.empty()) header["__metadata__"] = checkpoint.metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const uint64_t end = offset + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data can be mapped as numbers
  return text;
}

// ---- Networks
// --------------------------------------------------------------------------------------------------------

/// Throws unless the tensors of the checkpoint are exactly those of the network.
void check_match(const Network& network, const Checkpoint& checkpoint, const std::string& path) {
  std::set<std::string> wanted;
  for (const Layer& layer : network.layers())
    for_each_tensor(layer.operation, [&](const char* what, const Tensor& tensor, bool) {
      const std::string name = tensor_name(layer, what);
      wanted.insert(name);
      const auto found = checkpoint.tensors.find(name);
      if (found == checkpoint.tensors.end())
        refuse(path, fmt::format("tensor '{}' is missing; right is a checkpoint of {}, where it has shape {}",
                                 name, network.name(), to_text(tensor.shape)));
      if (found->second.shape != tensor.shape)
        refuse(path, fmt::format("tensor '{}' has shape {}; right for {} is {}", name,
                                 to_text(found->second.shape), network.name(), to_text(tensor.shape)));
    });
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (!wanted.contains(name))
      refuse(path,
             fmt::format("tensor '{}' of shape {} is unused; right is a checkpoint of {}, which has no such "
                         "tensor",
                         printable(name), to_text(tensor.shape), network.name()));
}

}  // namespace

std::string tensor_name(const Layer& layer, const std::string& tensor) {
  return fmt::format("{}.{}", layer.name, tensor);
}

Checkpoint read_safetensors(const std::string& path) {
  std::error_code error;
  const uint64_t file_bytes = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || error) refuse(path, "cannot be opened; right is a readable safetensors file");
  const Header header = read_header(path, file, file_bytes);
  Checkpoint checkpoint{{}, header.metadata};
  std::vector<std::byte> bytes;
  for (const Entry& entry : header.entries) {
    bytes.resize(entry.end - entry.begin);
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())))
      refuse(path, fmt::format("tensor '{}' cannot be read", printable(entry.name)));
    if (!entry.type) continue;
    Tensor tensor{entry.shape, std::vector<float>(bytes.size() / entry.type->size)};
    for (size_t i = 0; i < tensor.values.size(); ++i)
      tensor.values[i] = entry.type->read(&bytes[i * entry.type->size]);
    checkpoint.tensors.emplace(entry.name, std::move(tensor));
  }
  return checkpoint;
}

void write_safetensors(const std::string& path, const Checkpoint& checkpoint) {
  const std::string header = header_text(checkpoint);
  const uint64_t length = header.size();
  write_whole_file(path, [&](std::ostream& file) {
    file.write(reinterpret_cast<const char*>(&length), length_bytes);
    file.write(header.data(), static_cast<std::streamsize>(length));
    for (const auto& [name, tensor] : checkpoint.tensors)
      file.write(reinterpret_cast<const char*>(tensor.values.data()),
                 static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
  });
}

Checkpoint checkpoint_of(const Network& network) {
  Checkpoint checkpoint;
  for (const Layer& layer : network.layers())
    for_each_tensor(layer.operation, [&](const char* what, const Tensor& tensor, bool) {
      checkpoint.tensors.emplace(tensor_name(layer, what), tensor);
    });
  return checkpoint;
}

void load_weights(Network& network, const Checkpoint& checkpoint, const std::string& path) {
  check_match(network, checkpoint, path);  // all of it first: a network is loaded whole or not at all
  for (size_t layer = 0; layer < network.layers().size(); ++layer)
    network.visit_tensors(layer, [&](const char* what, Tensor& tensor, bool) {
      tensor = checkpoint.tensors.at(tensor_name(network.layers()[layer], what));
    });
}

}  // namespace bitsweep
