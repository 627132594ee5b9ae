// The inference form of a network: what every engine gets.
#pragma once

#include "harness/network.h"

namespace bitsweep {

/// Folds BatchNormalization into the convolution or linear layer before it (one that follows something else
/// becomes a 1 × 1 convolution of each channel), an activation into the convolution, linear layer or addition
/// before it, and an addition into that of its operands which is executed last, if that is
/// a convolution; the other operand becomes its shortcut. A layer is folded only if nothing else reads what
/// lies between. A folded layer keeps the name of the convolution or linear layer. Layers that do not reach
/// the output are dropped.
///
/// An engine may write a convolution over its shortcut's buffer: nothing reads the shortcut from the
/// convolution on, and it is never the network's input. Additions for which this cannot be promised stay
/// layers of their own.
///
/// Takes its argument by value: std::move a network that is needed no more, for VGG-16 holds half a gigabyte.
/// The function computed is the same up to rounding. Source of the folding: Jacob et al., CVPR 2018 (arXiv
/// 1712.05877), section 3.2.
Network fuse(Network network);

}  // namespace bitsweep
