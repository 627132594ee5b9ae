// Training on oneDNN's forward and backward primitives, in fp32 or with bf16 values.
#pragma once

#include "backends/training.h"

namespace bitsweep::onednn {

/// See bitsweep::Train; what can be trained: see TrainingGraph.
void train(TrainingState& state, const Samples& training, const Samples& test, const Recipe& recipe,
           int test_every, const EpochObserver& observe);

}  // namespace bitsweep::onednn
