#include "harness/datasets/byte_images.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/shuffle.h"

namespace bitsweep {
namespace {

/// "(x / 255 - 0.1307) / 0.3081", of several channels "(x / 255 - [0.49, 0.48, 0.45]) / [0.25, 0.24, 0.26]"
std::string in_words(std::span<const ChannelStatistics> channels) {
  std::string means, deviations;
  for (const ChannelStatistics& channel : channels) {
    const char* separator = means.empty() ? "" : ", ";
    means += fmt::format("{}{}", separator, channel.mean);
    deviations += fmt::format("{}{}", separator, channel.deviation);
  }
  if (channels.size() == 1) return fmt::format("(x / 255 - {}) / {}", means, deviations);
  return fmt::format("(x / 255 - [{}]) / [{}]", means, deviations);
}

}  // namespace

Samples normalized(const ByteImages& images, std::span<const int64_t> order,
                   std::span<const ChannelStatistics> channels) {
  const int64_t size = element_count(images.shape), plane = size / static_cast<int64_t>(channels.size());
  const auto count = static_cast<int64_t>(order.size());
  Samples samples{images.shape, count, std::vector<float>(count * size), {}, in_words(channels)};
  for (const int64_t index : order) samples.labels.push_back(images.labels[index]);
#pragma omp parallel for
  for (int64_t image = 0; image < count; ++image)
    for (int64_t i = 0; i < size; ++i) {
      const ChannelStatistics& channel = channels[i / plane];
      const auto value = static_cast<float>(images.values[order[image] * size + i]);
      samples.values[image * size + i] = (value / 255.0F - channel.mean) / channel.deviation;
    }
  return samples;
}

std::vector<int64_t> in_order(int64_t count) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<int64_t> shuffled(int64_t first, int64_t end, int64_t most, int64_t seed) {
  std::vector<int64_t> order(end - first);
  std::iota(order.begin(), order.end(), first);
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  shuffle(order, random);
  if (most > 0) order.resize(std::min<size_t>(order.size(), most));
  return order;
}

void check_shape(std::string_view dataset, const Shape& right, const Shape& shape, std::string_view models) {
  if (shape != right)
    throw Error(
        fmt::format("{}: its images have shape {} but the model reads {}; right is a model for such images "
                    "({}), or the dataset synthetic",
                    dataset, to_text(right), to_text(shape), models));
}

void check_labels(const std::filesystem::path& file, std::span<const uint8_t> labels, int64_t classes) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= classes)
      throw Error(
          fmt::format("{}: label {} of image {}; right is 0 to {}: the file is damaged, so remove it and "
                      "run `scripts/fetch-data`",
                      file.string(), labels[i], i, classes - 1));
}

}  // namespace bitsweep
