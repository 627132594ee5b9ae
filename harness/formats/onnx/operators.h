// The operators that can be read: one function and one line in the table each.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/formats/onnx/translation.h"

namespace bitsweep::onnx {

/// A row of the table of operators. What is not listed is refused: an attribute that is passed over could
/// change what is computed.
struct Operator {
  std::string name;
  void (*translate)(Step& step) = nullptr;
  size_t least_inputs = 1, most_inputs = 1;
  std::set<std::string> attributes;
};
const std::vector<Operator>& operators();

// convolution.cpp, pooling.cpp
void convolve(Step& step);
void pad(Step& step);
void max_pool(Step& step);
void average_pool(Step& step);
void global_average_pool(Step& step);
void global_max_pool(Step& step);
void reduce_mean(Step& step);

// activation.cpp
void relu_of(Step& step);
void leaky_relu(Step& step);
void clip(Step& step);
void sigmoid(Step& step);
void hard_sigmoid(Step& step);
void hard_swish(Step& step);
void softmax(Step& step);
void batch_normalization(Step& step);

// arithmetic.cpp
void add(Step& step);
void subtract(Step& step);
void multiply(Step& step);
void divide(Step& step);
void sum(Step& step);

// dense.cpp
void gemm(Step& step);
void matrix_multiply(Step& step);

// view.cpp
void identity(Step& step);
void flatten(Step& step);
void reshape(Step& step);
void squeeze(Step& step);
void unsqueeze(Step& step);
void transpose(Step& step);
void concatenate(Step& step);
void cast(Step& step);

// constants.cpp
void constant(Step& step);
void constant_of_shape(Step& step);
void shape_of(Step& step);
void gather(Step& step);
void slice(Step& step);

// quantization.cpp
void quantize(Step& step);
void dequantize(Step& step);

}  // namespace bitsweep::onnx
