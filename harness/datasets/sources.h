// The data sets, one file each. What the functions do stands at Dataset::test and Dataset::train.
#pragma once

#include "harness/datasets/datasets.h"

namespace bitsweep {

/// Handwritten digits [1, 28, 28], 10 classes. The 10,000 test images ship in experiments/data/mnist; the
/// 60,000 training images lie in mnist/ of the cache, see harness/places.h.
Samples mnist_test(const Shape& shape, int64_t at_least, int64_t seed);
Samples mnist_train(const Shape& shape, int64_t at_most, int64_t seed);

/// Smooth random fields of any shape: sums of waves, amplitude falling with frequency as in photographs, and
/// some noise; mean 0, standard deviation about 1. No labels.
Samples synthetic_test(const Shape& shape, int64_t at_least, int64_t seed);
Samples synthetic_train(const Shape& shape, int64_t at_most, int64_t seed);

}  // namespace bitsweep
