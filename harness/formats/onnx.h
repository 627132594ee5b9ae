// ONNX, the exchange format of neural networks. Its library is needed in harness/formats/onnx/ only.
#pragma once

#include <string>

#include "harness/network.h"

namespace bitsweep {

/// Reads a network with one input and one output. The batch is dropped, whatever the file says of it; images
/// come as [channels, height, width] also where the file has them as [height, width, channels]; ranges given
/// by QuantizeLinear and DequantizeLinear become those of the layers. What is supported is told in
/// experiments/README.md.
/// Throws Error if the file is missing, broken, hostile or beyond that: "PATH: node 'NAME' (OPERATOR, domain
/// ai.onnx, opset N): what is wrong; what would be right".
/// Source: onnx.ai/onnx/operators, opsets 7 to 21.
Network read_onnx(const std::string& path);

}  // namespace bitsweep
