// Training on oneDNN's forward and backward primitives, in fp32.
#pragma once

#include "backends/training.h"

namespace bitsweep::onednn {

/// See bitsweep::Train; what can be trained: see TrainingGraph.
void train(Network& network, const Samples& training, const Samples& test, const TrainingOptions& options,
           const EpochObserver& observe);

}  // namespace bitsweep::onednn
