// Training, by an engine that has backward primitives.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "harness/datasets/datasets.h"
#include "harness/network.h"
#include "harness/training/recipe.h"

namespace bitsweep {

/// All that a training needs to go on as if it had never stopped.
struct TrainingState {
  Network network;  ///< in training form, see fuse()
  int epochs_done = 0;
  std::map<std::string, Tensor>
      velocity;  ///< of the descent, by the parameter's name in checkpoints; empty: 0
};

/// What one epoch brought.
struct EpochReport {
  int epoch = 0;    ///< counted from 1
  double loss = 0;  ///< mean over the epoch's steps
  double images_per_second = 0;
  std::optional<double> top1;  ///< on the test images, 0 to 1, in inference form and fp32
  double remaining_s = 0;      ///< of the whole training, estimated
};
using EpochObserver = std::function<void(const EpochReport&)>;

/// Trains from the state that is given to the end of the recipe. Before each call of `observe` the state
/// holds all of that epoch. Every `test_every` epochs, and after the last one, the test images are scored.
/// Equal arguments give equal weights, bit by bit, on the same machine, also where a training was stopped and
/// went on. Throws Error if a layer cannot be trained, the data or the CPU do not fit, or the loss is not
/// finite.
using Train = void (*)(TrainingState& state, const Samples& training, const Samples& test,
                       const Recipe& recipe, int test_every, const EpochObserver& observe);

/// Null if this program was built without an engine that trains.
Train trainer();

}  // namespace bitsweep
