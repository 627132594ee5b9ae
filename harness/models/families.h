// The families of the zoo, one file each: the rows that each gives to the table of models.
#pragma once

#include <vector>

#include "harness/models/models.h"

namespace bitsweep {

/// Perceptrons with ReLU between their linear layers fc1, fc2, ...; the argument gives all widths, the first
/// being the input's. 784 inputs are an image of [1, 28, 28], 3072 one of [3, 32, 32], any other number N is
/// [N].
std::vector<Model> mlp_models();

/// He et al., CVPR 2016 (arXiv 1512.03385), table 1: ResNet-18, 34, 50, 101 and 152, for images of
/// [3, 224, 224] and 1000 classes. "v1.5": a bottleneck strides in its 3x3 convolution, as torchvision's
/// does. Layer names are torchvision's.
std::vector<Model> resnet_models();

/// The same paper, section 4.2: ResNet-20, 32, 44 and 56, for images of [3, 32, 32] and 10 classes; three
/// stages of 16, 32 and 64 channels, layers named as above. Where a stage begins, the shortcut is a 1x1
/// convolution with BatchNormalization ("option B"), an ordinary layer to every engine; the paper's
/// subsampling with zero channels ("option A") has 2,752 parameters less: ResNet-20 has 272,474 here.
std::vector<Model> cifar_resnet_models();

/// Simonyan & Zisserman, ICLR 2015 (arXiv 1409.1556), configurations A, B, D and E, for images of
/// [3, 224, 224] and 1000 classes; "_bn" with BatchNormalization after each convolution. Layer names are
/// torchvision's.
std::vector<Model> vgg_models();

/// The same convolutions with BatchNormalization for images of [3, 32, 32] and 10 classes: what the last
/// pooling leaves of an image, one value a channel, goes to a single linear layer, as is usual for CIFAR. The
/// argument multiplies the channels; they are rounded to a multiple of 8, at least 8.
std::vector<Model> cifar_vgg_models();

}  // namespace bitsweep
