// Training, by an engine that has backward primitives.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/datasets/datasets.h"
#include "harness/network.h"

namespace bitsweep {

/// Stochastic gradient descent without momentum; the loss is the mean softmax cross-entropy of a batch.
struct TrainingOptions {
  int epochs = 1;
  int64_t batch = 32;  ///< images a step
  float learning_rate = 0.01F;
  int64_t seed = 1;  ///< of the order of the images
  int threads = 1;   ///< OpenMP threads
};

/// What one epoch brought.
struct EpochReport {
  int epoch = 0;    ///< counted from 1
  double loss = 0;  ///< mean over the epoch's steps
  double images_per_second = 0;
  double top1 = 0;         ///< on the test images, 0 to 1
  double remaining_s = 0;  ///< of the whole training, estimated
};
using EpochObserver = std::function<void(const EpochReport&)>;

/// Trains the network (in training form, see fuse()) from the weights that it has. Each epoch takes all
/// images once, in a new seeded order; those that do not fill the last batch are left out. Equal arguments
/// give equal weights, bit by bit, on the same machine. Throws Error if a layer cannot be trained, the data
/// do not fit the network, or the loss is not finite.
using Train = void (*)(Network& network, const Samples& training, const Samples& test,
                       const TrainingOptions& options, const EpochObserver& observe);

/// Null if this program was built without an engine that trains.
Train trainer();

}  // namespace bitsweep
