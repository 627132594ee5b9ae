// Tensors as ONNX stores them → plain values.
#pragma once

#include <string>

#include <onnx/onnx_pb.h>

#include "harness/formats/onnx/graph.h"

namespace bitsweep::onnx {

/// Takes the data out of `tensor`, so that weights are not held twice. `file` is the model's, beside which
/// external data lies. Throws Error, without place, if shape and data do not fit.
Constant take_tensor(::onnx::TensorProto& tensor, const std::string& file);

/// A number type by its number in ONNX; throws Error for others, naming them.
NumberType number_type(int32_t onnx_type);

}  // namespace bitsweep::onnx
