#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "harness/datasets/byte_images.h"
#include "harness/datasets/idx.h"
#include "harness/datasets/sources.h"
#include "harness/error.h"
#include "harness/places.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;

/// Test images that stand in for calibration where the training set was not fetched: the last ones.
constexpr int64_t stand_in_images = 1000;

constexpr ChannelStatistics grey[] = {{0.1307F, 0.3081F}};

void expect_digits(const Shape& shape) {
  check_shape("mnist", {1, 28, 28}, shape, "mlp");
}

/// The file in a folder, raw or compressed; empty if neither is there.
fs::path find(const fs::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"})
    if (fs::path path = folder / (name + ending); fs::exists(path)) return path;
  return {};
}

ByteImages read(const fs::path& image_file, const fs::path& label_file) {
  IdxFile images = read_idx(image_file), labels = read_idx(label_file);
  if (images.shape.size() != 3 || images.shape[1] != 28 || images.shape[2] != 28)
    throw Error(fmt::format("{}: has shape {}; right is [images, 28, 28]", image_file.string(),
                            to_text(images.shape)));
  if (labels.shape != Shape{images.shape[0]})
    throw Error(fmt::format("{}: has shape {}; right is [{}], one label an image", label_file.string(),
                            to_text(labels.shape), images.shape[0]));
  check_labels(label_file, labels.values, 10);
  return {{1, 28, 28}, std::move(images.values), std::move(labels.values)};
}

ByteImages read_test() {
  const fs::path folder = home() / "experiments" / "data" / "mnist";
  const fs::path images = find(folder, "t10k-images-idx3-ubyte"),
                 labels = find(folder, "t10k-labels-idx1-ubyte");
  if (images.empty() || labels.empty())
    throw Error(fmt::format("mnist: no test images in {}; right is the folder of bitsweep in BITSWEEP_HOME",
                            folder.string()));
  return read(images, labels);
}

}  // namespace

Samples mnist_test(const Shape& shape, int64_t, int64_t) {
  expect_digits(shape);
  const ByteImages images = read_test();
  return normalized(images, in_order(images.count()), grey);
}

Samples mnist_train(const Shape& shape, int64_t at_most, int64_t seed) {
  expect_digits(shape);
  const fs::path folder = cache() / "mnist";
  const fs::path image_file = find(folder, "train-images-idx3-ubyte"),
                 label_file = find(folder, "train-labels-idx1-ubyte");
  if (!image_file.empty() && !label_file.empty()) {
    const ByteImages images = read(image_file, label_file);
    return normalized(images, shuffled(0, images.count(), at_most, seed), grey);
  }
  if (at_most == 0 || at_most > stand_in_images)
    throw Error(
        fmt::format("mnist: no training images in {}; right is to run `scripts/fetch-data mnist` first",
                    folder.string()));
  const ByteImages images = read_test();
  const int64_t first = std::max<int64_t>(0, images.count() - stand_in_images);
  Samples samples = normalized(images, shuffled(first, images.count(), at_most, seed), grey);
  samples.normalisation += fmt::format(
      "; taken from the last {} test images, for the training set was not fetched", stand_in_images);
  return samples;
}

}  // namespace bitsweep
