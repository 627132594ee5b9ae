// Layers → ONNX nodes.
#pragma once

#include <string>

#include "harness/formats/onnx.h"

namespace bitsweep::onnx {

/// See write_onnx().
void write(const std::string& path, const Network& network, const OnnxExport& with);

}  // namespace bitsweep::onnx
