#include "harness/formats/safetensors.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include <unistd.h>

#include "harness/error.h"
#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

/// A folder that is gone at the end of the test.
struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("bitsweep_safetensors_" + std::to_string(getpid()));
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

void write_file(const fs::path& path, uint64_t length, const std::string& header, const std::string& data) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << header << data;
}

/// The message with which a file of this header and data is refused.
std::string refusal(const std::string& header, const std::string& data = "",
                    std::optional<uint64_t> length = std::nullopt) {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "hostile.safetensors";
  write_file(path, length.value_or(header.size()), header, data);
  try {
    read_safetensors(path);
  } catch (const Error& error) {
    CHECK_THAT(error.what(), ContainsSubstring("hostile.safetensors"));
    return error.what();
  }
  return "not refused";
}

/// A header with one tensor "a".
std::string one(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

const std::string four(4, '\0'), eight(8, '\0');

}  // namespace

TEST_CASE("safetensors: what was written is read back, to the bit") {
  const TemporaryFolder folder;
  const std::string path = folder.path / "file.safetensors";
  const Checkpoint written{
      {{"a.weight", some_values({3, 2}, 1)}, {"b", {{}, {-0.0F}}}, {"empty", {{0, 4}, {}}}},
      {{"seed", "7"}, {"words", "ä \"quoted\""}}};
  write_safetensors(path, written);
  const Checkpoint read = read_safetensors(path);
  CHECK(read.tensors == written.tensors);
  CHECK(std::signbit(read.tensors.at("b").values[0]));
  CHECK(read.metadata == written.metadata);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);  // nothing partial is left
}

TEST_CASE("safetensors: half and bfloat16 are widened exactly") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "file.safetensors";
  const std::string header =
      R"({"half":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]}})";
  const uint16_t data[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0xfc00, 0x3f80, 0xc049};
  write_file(path, header.size(), header, std::string(reinterpret_cast<const char*>(data), sizeof data));
  const Checkpoint read = read_safetensors(path);
  CHECK(read.tensors.at("half").values == std::vector<float>{1, -2, 65504, 0x1p-24F, 0x1p-14F, -INFINITY});
  CHECK(read.tensors.at("brain").values == std::vector<float>{1, -3.140625F});
}

TEST_CASE("safetensors: hostile files are refused with the reason") {
  SECTION("empty") {
    CHECK_THAT(refusal("", "", 0), ContainsSubstring("not JSON"));
  }
  SECTION("a header longer than the file") {
    CHECK_THAT(refusal("{}", "", 3), ContainsSubstring("claims a header of 3 bytes in a file of 10"));
    CHECK_THAT(refusal("{}", "", UINT64_MAX),
               ContainsSubstring("claims a header of 18446744073709551615 bytes"));
  }
  SECTION("a header that is not JSON, or no object") {
    CHECK_THAT(refusal("{\"a\":"), ContainsSubstring("not JSON"));
    CHECK_THAT(refusal("[]"), ContainsSubstring("not a JSON object"));
    CHECK_THAT(refusal("{\"\xff\":1}"), ContainsSubstring("not JSON"));
    CHECK_THAT(refusal(std::string(100'000, '[')), ContainsSubstring("nested deeper than 3"));
    CHECK_THAT(refusal("{\"\x1b[31m\xff"), !ContainsSubstring("\x1b"));
  }
  SECTION("descriptions that are incomplete or of wrong kinds") {
    CHECK_THAT(refusal(R"({"a":1})"), ContainsSubstring("tensor 'a': its description is incomplete"));
    CHECK_THAT(refusal(R"({"a":{"dtype":"F32","shape":[]}})"), ContainsSubstring("incomplete"));
    CHECK_THAT(refusal(one("7", "[1]", "[0,4]"), four), ContainsSubstring("data type 7"));
    CHECK_THAT(refusal(one("\"F32\"", "4", "[0,4]"), four), ContainsSubstring("shape is not a list"));
    CHECK_THAT(refusal(one("\"F32\"", "[1]", "4"), four), ContainsSubstring("data_offsets are impossible"));
    CHECK_THAT(refusal(R"({"__metadata__":{"a":1}})"), ContainsSubstring("__metadata__ is not text"));
    CHECK_THAT(refusal(R"({"__metadata__":["a"]})"), ContainsSubstring("__metadata__ is not text"));
  }
  SECTION("a data type that is not known") {
    CHECK_THAT(refusal(one("\"I8\"", "[4]", "[0,4]"), four),
               ContainsSubstring("data type I8 cannot be read; right is F32, F16 or BF16"));
  }
  SECTION("sizes below zero, or not whole") {
    CHECK_THAT(refusal(one("\"F32\"", "[-1]", "[0,4]"), four), ContainsSubstring("size -1 is impossible"));
    CHECK_THAT(refusal(one("\"F32\"", "[1.5]", "[0,4]"), four), ContainsSubstring("size 1.5 is impossible"));
    CHECK_THAT(refusal(one("\"F32\"", "[99999999999999999999]", "[0,4]"), four),
               ContainsSubstring("impossible"));
  }
  SECTION("sizes whose product overflows") {
    CHECK_THAT(refusal(one("\"F32\"", "[4294967296,4294967296]", "[0,0]")), ContainsSubstring("overflows"));
    CHECK_THAT(refusal(one("\"F32\"", "[4611686018427387904]", "[0,0]")), ContainsSubstring("overflows"));
    CHECK_THAT(refusal(one("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), four),
               ContainsSubstring("not a list"));
  }
  SECTION("offsets outside of the file, reversed, or not of the shape's size") {
    CHECK_THAT(refusal(one("\"F32\"", "[2]", "[0,8]"), four),
               ContainsSubstring("take 8 bytes of data but it holds 4"));
    CHECK_THAT(refusal(one("\"F32\"", "[1]", "[4,0]"), four), ContainsSubstring("do not hold shape [1]"));
    CHECK_THAT(refusal(one("\"F32\"", "[1]", "[0,8]"), eight), ContainsSubstring("right is 4 bytes"));
    CHECK_THAT(refusal(one("\"F32\"", "[1]", "[18446744073709551612,0]"), four),
               ContainsSubstring("do not hold shape"));
  }
  SECTION("tensors that overlap, leave gaps, or leave data over") {
    const auto two = [](const char* a, const char* b) {
      return std::string(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)") + a +
             R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + b + "}}";
    };
    CHECK_THAT(refusal(two("[0,4]", "[2,6]"), eight),
               ContainsSubstring("'b' begins at byte 2 of the data; right is 4"));
    CHECK_THAT(refusal(two("[0,4]", "[0,4]"), four),
               ContainsSubstring("begins at byte 0 of the data; right is 4"));
    CHECK_THAT(refusal(two("[0,4]", "[8,12]"), eight + four), ContainsSubstring("begins at byte 8"));
    CHECK_THAT(refusal(one("\"F32\"", "[1]", "[0,4]"), eight),
               ContainsSubstring("take 4 bytes of data but it holds 8"));
  }
  SECTION("names that come twice, of tensors and of their properties") {
    CHECK_THAT(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}})", four),
               ContainsSubstring("has 'a' twice"));
    CHECK_THAT(refusal(R"({"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}})", four),
               ContainsSubstring("has 'dtype' twice"));
  }
}

TEST_CASE("safetensors: names of a file are shown as printable characters, and cut") {
  const std::string message = refusal(R"({"\u001b[31m)" + std::string(100'000, 'n') +
                                      R"(":{"dtype":"\u0007","shape":[],"data_offsets":[0,4]}})");
  CHECK_THAT(message, ContainsSubstring("tensor '?[31mnnn"));
  CHECK_THAT(message, ContainsSubstring("data type ? cannot be read"));
  CHECK(message.size() < 400);
}

TEST_CASE("safetensors: a header of many tensors is read at once, and of too many refused") {
  const auto header_of = [](int tensors) {
    std::string header = "{";
    for (int i = 0; i < tensors; ++i)
      header += (i == 0 ? "\"a" : ",\"a") + std::to_string(i) +
                R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
    return header + "}";
  };
  // Quadratic time would need hours for as many.
  CHECK(refusal(header_of(100'000)) == "not refused");
  CHECK_THAT(refusal(header_of(100'001)), ContainsSubstring("has more than 100000 tensors; right is fewer"));
  std::string lists = R"({"a":[)";
  for (int i = 0; i < 2'000'000; ++i) lists += "[],";
  CHECK_THAT(refusal(lists + "[]]}"), ContainsSubstring("has more than 1600000 values; right is fewer"));
}

TEST_CASE("safetensors: missing files, folders and short files are refused with their name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_safetensors(folder.path / "absent"), ContainsSubstring("absent: "));
  CHECK_THROWS_AS(read_safetensors(folder.path), Error);
  std::ofstream(folder.path / "short") << "1234";
  CHECK_THROWS_WITH(read_safetensors(folder.path / "short"), ContainsSubstring("holds 4 bytes"));
}

TEST_CASE("safetensors: a file that cannot be written leaves the old one and says so") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(write_safetensors(folder.path / "no" / "such", {}),
                    ContainsSubstring("cannot be written"));
  fs::create_directories(folder.path / "taken" / "inside");
  CHECK_THROWS_AS(write_safetensors(folder.path / "taken", {}), Error);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("safetensors: a network's weights come back under PyTorch's names") {
  const auto build = [](int64_t stream) {
    Network network("net", {3, 8, 8});
    network.add("conv", Convolution{some_values({4, 3, 1, 1}, stream), {}, square_window(1, 1, 0)});
    network.add("bn", some_normalization(4, stream + 10));
    network.add("flatten", Flatten{});
    network.add("fc", some_linear(256, 2, stream + 20));
    return network;
  };
  const Checkpoint checkpoint = checkpoint_of(build(1));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : checkpoint.tensors) names.push_back(name);
  CHECK(names == std::vector<std::string>{"bn.bias", "bn.running_mean", "bn.running_var", "bn.weight",
                                          "conv.weight", "fc.bias", "fc.weight"});
  Network other = build(100);
  load_weights(other, checkpoint, "file");
  CHECK(weights_hash(other) == weights_hash(build(1)));
}

TEST_CASE("safetensors: a checkpoint of another network is refused, and the network stays as it is") {
  Network network("net", {4});
  network.add("a", some_linear(4, 4, 1));
  network.add("b", some_linear(4, 2, 3));
  const std::string before = weights_hash(network);
  Checkpoint checkpoint = checkpoint_of(network);
  checkpoint.tensors.at("a.weight").values[0] += 1;

  SECTION("missing") {
    checkpoint.tensors.erase("b.bias");
    CHECK_THROWS_WITH(load_weights(network, checkpoint, "file"),
                      ContainsSubstring("file: tensor 'b.bias' is missing"));
  }
  SECTION("of another shape") {
    checkpoint.tensors.at("b.bias") = some_values({3}, 1);
    CHECK_THROWS_WITH(load_weights(network, checkpoint, "file"),
                      ContainsSubstring("tensor 'b.bias' has shape [3]; right for net is [2]"));
  }
  SECTION("unused") {
    checkpoint.tensors["c.bias"] = some_values({3}, 1);
    CHECK_THROWS_WITH(load_weights(network, checkpoint, "file"),
                      ContainsSubstring("tensor 'c.bias' of shape [3] is unused"));
  }
  CHECK(weights_hash(network) == before);
}

TEST_CASE("safetensors: PyTorch's counters of training steps are passed over") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "file.safetensors";
  const std::string header = R"({"bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})";
  write_file(path, header.size(), header, eight);
  CHECK(read_safetensors(path).tensors.empty());
}
