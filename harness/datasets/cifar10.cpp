#include <filesystem>
#include <fstream>
#include <initializer_list>

#include <fmt/format.h>

#include "harness/datasets/byte_images.h"
#include "harness/datasets/sources.h"
#include "harness/error.h"
#include "harness/places.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;

constexpr int64_t images_a_file = 10'000;
constexpr int64_t image_size = 3 * 32 * 32;
constexpr int64_t record_size = 1 + image_size;  ///< the label, then the planes of red, green and blue
constexpr const char* fetch_command = "scripts/fetch-data cifar10";

constexpr ChannelStatistics colours[] = {{0.4914F, 0.2470F}, {0.4822F, 0.2435F}, {0.4465F, 0.2616F}};

void expect_photographs(const Shape& shape) {
  check_shape("cifar10", {3, 32, 32}, shape, "resnet20, vgg16_cifar or mlp:3072-256-10");
}

/// The bytes of one of the data set's files. Source of the format: the page of CIFAR-10, "binary version".
std::vector<uint8_t> read_file(const fs::path& path) {
  constexpr int64_t right = images_a_file * record_size;
  if (!fs::exists(path))
    throw Error(
        fmt::format("cifar10: {} is missing; right is to run `{}` first", path.string(), fetch_command));
  std::vector<uint8_t> bytes(right + 1);  // one more shows a file that is too long
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (file.gcount() != right)
    throw Error(fmt::format("{}: is {} than {} bytes, or cannot be read; right is to remove it and run `{}`",
                            path.string(), file.gcount() < right ? "shorter" : "longer", right,
                            fetch_command));
  return bytes;
}

ByteImages read(std::initializer_list<const char*> names) {
  ByteImages all{{3, 32, 32}, {}, {}};
  all.values.reserve(names.size() * images_a_file * image_size);
  for (const char* name : names) {
    const fs::path path = cache() / "cifar10" / name;
    const std::vector<uint8_t> bytes = read_file(path);
    std::vector<uint8_t> labels;
    for (int64_t image = 0; image < images_a_file; ++image) {
      const auto record = bytes.begin() + image * record_size;
      labels.push_back(*record);
      all.values.insert(all.values.end(), record + 1, record + record_size);
    }
    check_labels(path, labels, 10);
    all.labels.insert(all.labels.end(), labels.begin(), labels.end());
  }
  return all;
}

}  // namespace

Samples cifar10_test(const Shape& shape, int64_t, int64_t) {
  expect_photographs(shape);
  const ByteImages images = read({"test_batch.bin"});
  return normalized(images, in_order(images.count()), colours);
}

Samples cifar10_train(const Shape& shape, int64_t at_most, int64_t seed) {
  expect_photographs(shape);
  const ByteImages images = read(
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"});
  return normalized(images, shuffled(0, images.count(), at_most, seed), colours);
}

}  // namespace bitsweep
