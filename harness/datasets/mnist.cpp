#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>

#include <fmt/format.h>

#include "harness/datasets/idx.h"
#include "harness/datasets/sources.h"
#include "harness/error.h"
#include "harness/places.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;

/// Test images that stand in for calibration where the training set was not fetched: the last ones.
constexpr int64_t stand_in_images = 1000;

void check_shape(const Shape& shape) {
  if (shape != Shape{1, 28, 28})
    throw Error(
        fmt::format("mnist: its images have shape [1, 28, 28] but the model reads {}; right is a model for "
                    "such images (mlp), or the dataset synthetic",
                    to_text(shape)));
}

/// The file in a folder, raw or compressed; empty if neither is there.
fs::path find(const fs::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"})
    if (fs::path path = folder / (name + ending); fs::exists(path)) return path;
  return {};
}

/// The images of `order`, normalised by mean and standard deviation of the training set.
Samples take(const fs::path& image_file, const fs::path& label_file,
             const std::function<std::vector<int64_t>(int64_t count)>& order) {
  const IdxFile images = read_idx(image_file), labels = read_idx(label_file);
  if (images.shape.size() != 3 || images.shape[1] != 28 || images.shape[2] != 28)
    throw Error(fmt::format("{}: has shape {}; right is [images, 28, 28]", image_file.string(),
                            to_text(images.shape)));
  if (labels.shape != Shape{images.shape[0]})
    throw Error(fmt::format("{}: has shape {}; right is [{}], one label an image", label_file.string(),
                            to_text(labels.shape), images.shape[0]));
  Samples samples{{1, 28, 28}, 0, {}, {}, "(x / 255 - 0.1307) / 0.3081"};
  constexpr int64_t image_size = 784;
  for (const int64_t index : order(images.shape[0])) {
    if (labels.values[index] > 9)
      throw Error(fmt::format("{}: label {} of image {}; right is 0 to 9", label_file.string(),
                              labels.values[index], index));
    samples.labels.push_back(labels.values[index]);
    const auto first = images.values.begin() + index * image_size;
    std::transform(first, first + image_size, std::back_inserter(samples.values),
                   [](uint8_t grey) { return (static_cast<float>(grey) / 255.0F - 0.1307F) / 0.3081F; });
  }
  samples.count = static_cast<int64_t>(samples.labels.size());
  return samples;
}

Samples take_test(const std::function<std::vector<int64_t>(int64_t count)>& order) {
  const fs::path folder = home() / "experiments" / "data" / "mnist";
  const fs::path images = find(folder, "t10k-images-idx3-ubyte"),
                 labels = find(folder, "t10k-labels-idx1-ubyte");
  if (images.empty() || labels.empty())
    throw Error(fmt::format("mnist: no test images in {}; right is the folder of bitsweep in BITSWEEP_HOME",
                            folder.string()));
  return take(images, labels, order);
}

/// At most `most` of the numbers from `first` to `end - 1` (0: all), shuffled.
std::vector<int64_t> shuffled(int64_t first, int64_t end, int64_t most, int64_t seed) {
  std::vector<int64_t> order(end - first);
  std::iota(order.begin(), order.end(), first);
  // By hand: std::shuffle may differ from library to library.
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  for (size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
  if (most > 0) order.resize(std::min<size_t>(order.size(), most));
  return order;
}

}  // namespace

Samples mnist_test(const Shape& shape, int64_t, int64_t) {
  check_shape(shape);
  return take_test([](int64_t count) {
    std::vector<int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    return order;
  });
}

Samples mnist_train(const Shape& shape, int64_t at_most, int64_t seed) {
  check_shape(shape);
  const fs::path folder = cache() / "mnist";
  const fs::path images = find(folder, "train-images-idx3-ubyte"),
                 labels = find(folder, "train-labels-idx1-ubyte");
  if (!images.empty() && !labels.empty())
    return take(images, labels, [&](int64_t count) { return shuffled(0, count, at_most, seed); });
  if (at_most == 0 || at_most > stand_in_images)
    throw Error(
        fmt::format("mnist: no training images in {}; right is to run `scripts/fetch-data mnist` first",
                    folder.string()));
  Samples samples = take_test([&](int64_t count) {
    return shuffled(std::max<int64_t>(0, count - stand_in_images), count, at_most, seed);
  });
  samples.normalisation += fmt::format(
      "; taken from the last {} test images, for the training set was not fetched", stand_in_images);
  return samples;
}

}  // namespace bitsweep
