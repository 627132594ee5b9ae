// The data sets, one file each. What the functions do stands at Dataset::test and Dataset::train.
#pragma once

#include "harness/datasets/datasets.h"

namespace bitsweep {

/// Photographs [3, 32, 32] of 10 kinds of things: the official binary files of 50,000 training and 10,000
/// test images in cifar10/ of the cache, see harness/places.h. They do not ship, for their licence is not
/// clear. Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
Samples cifar10_test(const Shape& shape, int64_t at_least, int64_t seed);
Samples cifar10_train(const Shape& shape, int64_t at_most, int64_t seed);

/// Handwritten digits [1, 28, 28], 10 classes. The 10,000 test images ship in experiments/data/mnist; the
/// 60,000 training images lie in mnist/ of the cache, see harness/places.h.
Samples mnist_test(const Shape& shape, int64_t at_least, int64_t seed);
Samples mnist_train(const Shape& shape, int64_t at_most, int64_t seed);

/// Smooth random fields of any shape: sums of waves, amplitude falling with frequency as in photographs, and
/// some noise; mean 0, standard deviation about 1. No labels.
Samples synthetic_test(const Shape& shape, int64_t at_least, int64_t seed);
Samples synthetic_train(const Shape& shape, int64_t at_most, int64_t seed);

}  // namespace bitsweep
