// How a network is trained: everything that decides the weights, besides the data and the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/network.h"
#include "harness/run.h"

namespace bitsweep {

/// How the learning rate goes on after the warm-up.
enum class Schedule { constant, step, cosine };

/// A row of the table of schedules.
struct ScheduleEntry {
  Schedule value;
  std::string name;
  std::string meaning;
};
const std::vector<ScheduleEntry>& schedules();

/// Stochastic gradient descent on the mean softmax cross-entropy of a batch.
struct Recipe {
  int epochs = 1;
  int64_t batch = 32;  ///< images a step
  float learning_rate = 0.01F;
  Schedule schedule = Schedule::constant;
  int warmup = 0;               ///< epochs in which the learning rate rises linearly from 0
  std::vector<int> milestones;  ///< step: epochs after which the learning rate falls
  float gamma = 0.1F;           ///< step: by this factor
  float momentum = 0;
  float weight_decay = 0;  ///< of all parameters, added to the gradient as PyTorch's SGD does
  float label_smoothing = 0;
  int64_t crop = 0;   ///< pixels of zeros around an image before a random crop to its size; 0: no crop
  bool flip = false;  ///< mirrors half of the images
  Precision precision = Precision::fp32;  ///< of values and their gradients; bf16: weights stay fp32
  int64_t seed = 1;                       ///< of the order of the images and of their augmentation
  int threads = 1;                        ///< OpenMP threads
};

/// Throws Error if the recipe is impossible for images of that shape, or if one of its values has no effect.
/// Needs no images, so that nothing is loaded for a recipe that is refused.
void check(const Recipe& recipe, const Shape& image);

/// Throws Error if there are too few images for one batch.
void check_batch(const Recipe& recipe, int64_t images);

/// Of a step: `progress` is the number of epochs done, with its fraction.
/// cosine: rate (1 + cos(π t)) / 2 with t from 0 after the warm-up to 1 at the end; Loshchilov & Hutter, ICLR
/// 2017 (arXiv 1608.03983).
float learning_rate(const Recipe& recipe, double progress);

}  // namespace bitsweep
