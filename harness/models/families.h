// The families of the zoo, one file each.
#pragma once

#include "harness/network.h"

namespace bitsweep {

/// 784-128-64-10 with ReLU, for images of [1, 28, 28].
Network mlp(int64_t seed);

/// He et al., CVPR 2016 (arXiv 1512.03385), for images of [3, 224, 224] and 1000 classes. "v1.5": a
/// bottleneck strides in its 3x3 convolution, as torchvision's does. Layer names are torchvision's.
Network resnet18(int64_t seed);
Network resnet50(int64_t seed);

/// Simonyan & Zisserman, ICLR 2015 (arXiv 1409.1556), configuration D, for images of [3, 224, 224] and 1000
/// classes. Layer names are torchvision's.
Network vgg16(int64_t seed);

}  // namespace bitsweep
