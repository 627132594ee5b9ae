// What is fed to a network, and the labels if there are any.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/network.h"

namespace bitsweep {

/// Images as a network takes them: normalised fp32.
struct Samples {
  Shape shape;  ///< of one image: [channels, height, width]
  int64_t count = 0;
  std::vector<float> values;    ///< [count, shape]
  std::vector<int32_t> labels;  ///< [count], or empty where there are none
  std::string normalisation;    ///< in words, e.g. "(x / 255 - 0.1307) / 0.3081"
};

/// A row of the table of datasets.
struct Dataset {
  std::string name;
  std::string meaning;
  bool labelled = false;
  /// The test set, or for unlabelled data at least `at_least` images of `shape`. Throws Error with where to
  /// get missing files.
  Samples (*test)(const Shape& shape, int64_t at_least, int64_t seed) = nullptr;
  /// Calibration and training images, disjoint from the test set. `at_most` limits their number, in a seeded
  /// order; 0 is for training: all there are (unlabelled data has no end: some). Where the full training set
  /// was not fetched, up to 1,000 images (enough to calibrate) are taken from the end of the test set, and
  /// `normalisation` says so; more throw Error with the command that fetches them.
  Samples (*train)(const Shape& shape, int64_t at_most, int64_t seed) = nullptr;
};

const std::vector<Dataset>& datasets();

/// Throws Error if a label is no class of a network with `classes` outputs.
void check_classes(const Samples& samples, int64_t classes);

/// XXH3 (64 bits, hexadecimal) of images and labels.
std::string data_hash(const Samples& samples);

}  // namespace bitsweep
