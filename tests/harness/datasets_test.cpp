#include "harness/datasets/datasets.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>

#include <unistd.h>

#include "harness/datasets/idx.h"
#include "harness/error.h"
#include "harness/table.h"
#include "tests/catch.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

const Dataset& mnist() {
  return pick(datasets(), "dataset", "mnist");
}
const Dataset& synthetic() {
  return pick(datasets(), "dataset", "synthetic");
}
const Dataset& cifar10() {
  return pick(datasets(), "dataset", "cifar10");
}
const Shape digit = {1, 28, 28};
const Shape photograph = {3, 32, 32};

/// A data folder of its own, named by BITSWEEP_DATA until the end of the test.
struct DataFolder {
  fs::path path = fs::temp_directory_path() / ("bitsweep_data_" + std::to_string(getpid()));
  DataFolder() {
    fs::create_directories(path / "mnist");
    fs::create_directories(path / "cifar10");
    setenv("BITSWEEP_DATA", path.c_str(), 1);
  }
  ~DataFolder() {
    unsetenv("BITSWEEP_DATA");
    fs::remove_all(path);
  }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }
};

std::string big_endian(std::initializer_list<uint32_t> numbers) {
  std::string bytes;
  for (const uint32_t number : numbers)
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(number >> shift));
  return bytes;
}

/// Training files with images of a single grey each, 0, 1, 2, ..., and labels 0 to 9 in turn.
void write_training_set(const DataFolder& folder, uint32_t count) {
  std::string images = big_endian({0x803, count, 28, 28}), labels = big_endian({0x801, count});
  for (uint32_t i = 0; i < count; ++i) {
    images += std::string(28 * 28, static_cast<char>(i));
    labels += static_cast<char>(i % 10);
  }
  folder.write("mnist/train-images-idx3-ubyte", images);
  folder.write("mnist/train-labels-idx1-ubyte", labels);
}

constexpr int64_t cifar10_record = 3073;

/// A file of black airplanes, without holding them on the disk, that begins with `bytes`.
void write_cifar10(const DataFolder& folder, const std::string& name, const std::string& bytes) {
  fs::resize_file(folder.write("cifar10/" + name, bytes), 10'000 * cifar10_record);
}

/// One image: label, then a plane of each colour.
std::string record(char label, char red, char green, char blue) {
  return label + std::string(1024, red) + std::string(1024, green) + std::string(1024, blue);
}

double mean(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const float> values) {
  const double middle = mean(values);
  double sum = 0;
  for (const float value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

TEST_CASE("datasets: the MNIST test set that ships has 10,000 digits, normalised") {
  const Samples samples = mnist().test(digit, 1, 1);
  CHECK(samples.count == 10'000);
  CHECK(samples.shape == digit);
  REQUIRE(samples.values.size() == 7'840'000);
  CHECK(std::vector<int32_t>(samples.labels.begin(), samples.labels.begin() + 5) ==
        std::vector<int32_t>{7, 2, 1, 0, 4});
  CHECK(samples.values[0] == Approx(-0.1307 / 0.3081));
  CHECK(mean(samples.values) == Approx(0).margin(0.02));
  CHECK(std::count(samples.labels.begin(), samples.labels.end(), 0) == 980);
}

TEST_CASE("datasets: MNIST for a model that reads other images is refused") {
  CHECK_THROWS_WITH(mnist().test({3, 224, 224}, 1, 1), ContainsSubstring("the model reads [3, 224, 224]"));
}

TEST_CASE("datasets: fetched training images come in a seeded order, as many as asked for") {
  const DataFolder folder;
  write_training_set(folder, 200);
  const Samples all = mnist().train(digit, 0, 1);
  CHECK(all.count == 200);
  const Samples some = mnist().train(digit, 50, 1);
  CHECK(some.count == 50);
  CHECK(std::equal(some.values.begin(), some.values.end(), all.values.begin()));
  CHECK(mnist().train(digit, 50, 1).labels == some.labels);
  CHECK(mnist().train(digit, 50, 2).labels != some.labels);
  const std::set<float> greys(all.values.begin(), all.values.end());
  CHECK(greys.size() == 200);
  for (int64_t i = 0; i < all.count; ++i) {  // images keep their labels
    const float grey = (all.values[i * 784] * 0.3081F + 0.1307F) * 255;
    REQUIRE(std::lround(grey) % 10 == all.labels[i]);
  }
}

TEST_CASE("datasets: without the training set, training is refused with the command that fetches it") {
  const DataFolder folder;
  CHECK_THROWS_WITH(mnist().train(digit, 0, 1), ContainsSubstring("scripts/fetch-data mnist"));
  CHECK_THROWS_WITH(mnist().train(digit, 1001, 1), ContainsSubstring(folder.path.string()));
}

TEST_CASE("datasets: without the training set, calibration takes images of the test set and says so") {
  const DataFolder folder;
  const Samples samples = mnist().train(digit, 64, 1);
  CHECK(samples.count == 64);
  CHECK_THAT(samples.normalisation, ContainsSubstring("last 1000 test images"));
}

TEST_CASE("datasets: MNIST files that do not fit together are refused") {
  const DataFolder folder;
  write_training_set(folder, 10);
  SECTION("fewer labels than images") {
    folder.write("mnist/train-labels-idx1-ubyte", big_endian({0x801, 9}) + std::string(9, '\1'));
    CHECK_THROWS_WITH(mnist().train(digit, 0, 1), ContainsSubstring("has shape [9]; right is [10]"));
  }
  SECTION("a label beyond 9") {
    folder.write("mnist/train-labels-idx1-ubyte", big_endian({0x801, 10}) + std::string(10, '\12'));
    CHECK_THROWS_WITH(mnist().train(digit, 0, 1), ContainsSubstring("label 10 of image"));
  }
  SECTION("images of another size") {
    folder.write("mnist/train-images-idx3-ubyte", big_endian({0x803, 10, 4, 4}) + std::string(160, '\1'));
    CHECK_THROWS_WITH(mnist().train(digit, 0, 1),
                      ContainsSubstring("has shape [10, 4, 4]; right is [images, 28, 28]"));
  }
}

TEST_CASE("datasets: broken IDX files are refused with their name and the reason") {
  const DataFolder folder;
  const auto refused = [&](const std::string& bytes, const std::string& reason) {
    const std::string path = folder.write("broken", bytes);
    CHECK_THROWS_WITH(read_idx(path), ContainsSubstring(path) && ContainsSubstring(reason));
  };
  refused("", "truncated");
  refused(big_endian({0x803, 2, 2}), "truncated");
  refused(big_endian({0x801, 4}) + "123", "3 bytes where 4 were to follow");
  refused(big_endian({0x801, 4}) + "12345", "goes on after its 4 values");
  refused(big_endian({0xd01, 1}) + "1234", "begins with 00 00 0d 01");
  refused(big_endian({0x800}), "1 to 4 dimensions");
  refused(big_endian({0x801, 0}), "claims shape [0]");
  refused(big_endian({0x804, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}), "claims shape");
  refused(std::string("\x1f\x8b\x08\x00", 4) + std::string(20, 'x'), "damaged");
  CHECK_THROWS_WITH(read_idx(folder.path / "absent"), ContainsSubstring("cannot be opened"));
}

TEST_CASE("datasets: a good IDX file is read with its shape") {
  const DataFolder folder;
  const IdxFile file = read_idx(folder.write("good", big_endian({0x802, 2, 3}) + "abcdef"));
  CHECK(file.shape == Shape{2, 3});
  CHECK(file.values == std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST_CASE("datasets: CIFAR-10 images are planes of red, green and blue, each normalised by its own mean") {
  const DataFolder folder;
  write_cifar10(folder, "test_batch.bin", record(3, 0, 0, 0) + record(9, '\xff', '\x80', 0));
  const Samples samples = cifar10().test(photograph, 1, 1);
  CHECK(samples.count == 10'000);
  CHECK(samples.shape == photograph);
  CHECK(std::vector<int32_t>(samples.labels.begin(), samples.labels.begin() + 3) ==
        std::vector<int32_t>{3, 9, 0});
  CHECK(samples.normalisation == "(x / 255 - [0.4914, 0.4822, 0.4465]) / [0.247, 0.2435, 0.2616]");
  const auto second = std::span(samples.values).subspan(3072, 3072);
  CHECK(second[0] == Approx((1 - 0.4914) / 0.2470));
  CHECK(second[1024] == Approx((128.0 / 255 - 0.4822) / 0.2435));
  CHECK(second[3071] == Approx((0 - 0.4465) / 0.2616));
}

TEST_CASE("datasets: CIFAR-10 calibrates with images of all five training files, in a seeded order") {
  const DataFolder folder;
  for (int file = 0; file < 5; ++file)  // all images of a file have its number as label
    folder.write("cifar10/data_batch_" + std::to_string(file + 1) + ".bin", [&] {
      std::string bytes(10'000 * cifar10_record, '\0');
      for (int64_t image = 0; image < 10'000; ++image)
        bytes[image * cifar10_record] = static_cast<char>(file);
      return bytes;
    }());
  const Samples some = cifar10().train(photograph, 64, 1);
  CHECK(some.count == 64);
  CHECK(std::set(some.labels.begin(), some.labels.end()).size() == 5);
  CHECK(cifar10().train(photograph, 64, 2).labels != some.labels);
}

TEST_CASE("datasets: CIFAR-10 that was not fetched is refused with the command that fetches it") {
  const DataFolder folder;
  CHECK_THROWS_WITH(cifar10().test(photograph, 1, 1), ContainsSubstring("test_batch.bin is missing") &&
                                                          ContainsSubstring("scripts/fetch-data cifar10"));
  CHECK_THROWS_WITH(cifar10().train(photograph, 64, 1), ContainsSubstring("data_batch_1.bin is missing"));
  CHECK_THROWS_WITH(cifar10().test(digit, 1, 1),
                    ContainsSubstring("its images have shape [3, 32, 32] but the model reads [1, 28, 28]"));
}

TEST_CASE("datasets: broken CIFAR-10 files are refused with their name and the reason") {
  const DataFolder folder;
  const auto refused = [&](const std::string& reason) {
    CHECK_THROWS_WITH(cifar10().test(photograph, 1, 1),
                      ContainsSubstring(folder.path / "cifar10" / "test_batch.bin") &&
                          ContainsSubstring(reason) && ContainsSubstring("scripts/fetch-data"));
  };
  SECTION("truncated") {
    folder.write("cifar10/test_batch.bin", record(1, 2, 3, 4));
    refused("is shorter than 30730000 bytes");
  }
  SECTION("too long") {
    write_cifar10(folder, "test_batch.bin", "");
    fs::resize_file(folder.path / "cifar10" / "test_batch.bin", 10'001 * cifar10_record);
    refused("is longer than 30730000 bytes");
  }
  SECTION("a label beyond 9") {
    write_cifar10(folder, "test_batch.bin", record(9, 0, 0, 0) + record(10, 0, 0, 0));
    refused("label 10 of image 1; right is 0 to 9");
  }
}

TEST_CASE("datasets: labels that the model has no output for are refused") {
  const Samples samples{{1, 1, 1}, 2, {0, 0}, {0, 9}, ""};
  check_classes(samples, 10);
  check_classes({{1, 1, 1}, 1, {0}, {}, ""}, 1);
  CHECK_THROWS_WITH(
      check_classes(samples, 5),
      ContainsSubstring("labels up to 9 but the model tells 5 classes apart; right is a model with "
                        "10 outputs or more"));
}

TEST_CASE("datasets: synthetic fields have mean 0 and standard deviation about 1") {
  const Samples samples = synthetic().test({3, 64, 64}, 32, 1);
  CHECK(samples.count == 32);
  CHECK(samples.labels.empty());
  CHECK(mean(samples.values) == Approx(0).margin(0.1));
  CHECK(standard_deviation(samples.values) == Approx(1).margin(0.1));
}

TEST_CASE("datasets: synthetic fields are smooth, as photographs are") {
  const Samples samples = synthetic().test({1, 224, 224}, 4, 1);
  double product = 0;
  for (size_t i = 0; i + 1 < samples.values.size(); ++i) product += samples.values[i] * samples.values[i + 1];
  CHECK(product / static_cast<double>(samples.values.size()) > 0.8);  // neighbours are alike
}

TEST_CASE("datasets: synthetic data depends on the seed, and training data is other than test data") {
  const Shape shape = {3, 8, 8};
  const Samples small = synthetic().test(shape, 4, 1), large = synthetic().test(shape, 8, 1);
  CHECK(std::equal(small.values.begin(), small.values.end(), large.values.begin()));
  CHECK(data_hash(small) == data_hash(synthetic().test(shape, 4, 1)));
  CHECK(data_hash(small) != data_hash(synthetic().test(shape, 4, 2)));
  CHECK(data_hash(small) != data_hash(synthetic().train(shape, 4, 1)));
  CHECK(synthetic().test({100}, 4, 1).values.size() == 400);
}
