// What a network is shown in training: all images once an epoch, in a seeded order, each shifted and mirrored
// at random.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "harness/datasets/datasets.h"
#include "harness/training/recipe.h"

namespace bitsweep {

class Batches {
 public:
  /// Keeps a reference to the samples.
  Batches(const Samples& samples, const Recipe& recipe);

  /// Draws the order and the augmentation of the next epoch. They depend on the seed and the number of the
  /// epoch only, so that a training that goes on later sees what it would have seen.
  void begin_epoch();

  /// Whole batches of an epoch; the images that do not fill the last one are left out.
  int64_t steps() const { return samples_.count / recipe_.batch; }

  /// Images [batch, image shape] and labels [batch] of one step of this epoch; valid until the next call.
  struct Batch {
    std::span<const float> images;
    std::span<const int32_t> labels;
  };
  Batch batch(int64_t step);

 private:
  /// Where an image is cut from its padded self, and whether it is mirrored.
  struct View {
    int64_t down = 0, right = 0;  ///< pixels, -crop to crop
    bool mirrored = false;
  };

  void draw_views();
  void copy(int64_t image, const View& view, float* to) const;

  const Samples& samples_;
  const Recipe& recipe_;
  std::mt19937_64 random_;
  std::vector<int64_t> order_;
  std::vector<View> views_;  ///< of each place of the order; empty without augmentation
  uint64_t epoch_ = 0;
  std::vector<float> images_;
  std::vector<int32_t> labels_;
};

}  // namespace bitsweep
