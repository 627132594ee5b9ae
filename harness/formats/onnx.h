// ONNX, the exchange format of neural networks. Its library is needed in harness/formats/onnx/ only.
#pragma once

#include <map>
#include <string>
#include <vector>

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

struct OnnxExport {
  std::vector<Range> ranges;  ///< of each layer's output, for int8; none for fp32
  int64_t batch = 0;          ///< 0: left open
  std::map<std::string, std::string> metadata;
};

/// Writes a network in any form (see fuse()) as opset 17. Whatever happens, the path holds the old file or
/// the whole new one. Throws Error if it cannot be written.
///
/// With ranges it is int8 in QDQ form: weights are integers as quantize_per_channel() makes them, and a
/// QuantizeLinear with a DequantizeLinear stands behind each layer, with the scale of store_range(); pools,
/// reshaping and ReLU keep the scale of what they read, and the last layer is not quantised where an engine
/// can write it in fp32. The network has to be fused. A bias is int32 with the scale of source × weights, as
/// runtimes demand for their int8 kernels; all biases of a layer stay fp32 if one of them has no int32
/// (weights near zero).
void write_onnx(const std::string& path, const Network& network, const OnnxExport& with);

}  // namespace bitsweep
