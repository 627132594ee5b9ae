// What a graph of ONNX nodes says in more layers than needed.
#pragma once

#include "harness/formats/onnx/translation.h"

namespace bitsweep::onnx {

/// Drops layers that do not reach the output; makes paddings part of the windows that read them, where that
/// is exact; makes what is added to each channel the bias of the layer before, where it has none.
Network tidy(Translated translated);

}  // namespace bitsweep::onnx
