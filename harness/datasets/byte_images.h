// Labelled images as their files hold them, and how a data set is made of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/datasets/datasets.h"

namespace bitsweep {

struct ByteImages {
  Shape shape;                  ///< of one image: [channels, height, width]
  std::vector<uint8_t> values;  ///< [count, shape]
  std::vector<uint8_t> labels;  ///< [count]

  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

/// Mean and standard deviation of a channel over the training set, of values divided by 255.
struct ChannelStatistics {
  float mean;
  float deviation;
};

/// The images of `order`, as floats (x / 255 - mean) / deviation; one entry of `channels` for each.
Samples normalized(const ByteImages& images, std::span<const int64_t> order,
                   std::span<const ChannelStatistics> channels);

/// The numbers from 0 to `count - 1`.
std::vector<int64_t> in_order(int64_t count);

/// At most `most` of the numbers from `first` to `end - 1` (0: all), in a seeded order that is the same
/// everywhere. More of them begin with the fewer.
std::vector<int64_t> shuffled(int64_t first, int64_t end, int64_t most, int64_t seed);

/// Throws Error if a model reads images of another shape; `models` names some that read these.
void check_shape(std::string_view dataset, const Shape& right, const Shape& shape, std::string_view models);

/// Throws Error, naming the file that holds them, if a label is `classes` or more.
void check_labels(const std::filesystem::path& file, std::span<const uint8_t> labels, int64_t classes);

}  // namespace bitsweep
