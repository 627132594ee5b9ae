#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {

const std::vector<Operator>& operators() {
  static const std::set<std::string> pooling = {"auto_pad",     "ceil_mode", "dilations",
                                                "kernel_shape", "pads",      "strides"};
  const auto pooling_and = [](const char* one) {
    std::set<std::string> all = pooling;
    all.insert(one);
    return all;
  };
  static const std::vector<Operator> table = {
      {"Add", add, 2, 2, {}},
      {"AveragePool", average_pool, 1, 1, pooling_and("count_include_pad")},
      {"BatchNormalization", batch_normalization, 5, 5, {"epsilon", "momentum", "spatial", "training_mode"}},
      {"Cast", cast, 1, 1, {"saturate", "to"}},
      {"Clip", clip, 1, 3, {"max", "min"}},
      {"Concat", concatenate, 1, SIZE_MAX, {"axis"}},
      {"Constant", constant, 0, 0, {"value", "value_float", "value_floats", "value_int", "value_ints"}},
      {"ConstantOfShape", constant_of_shape, 1, 1, {"value"}},
      {"Conv", convolve, 2, 3, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}},
      {"DequantizeLinear", dequantize, 2, 3, {"axis", "block_size"}},
      {"Div", divide, 2, 2, {}},
      {"Dropout", identity, 1, 3, {"ratio", "seed"}},
      {"Flatten", flatten, 1, 1, {"axis"}},
      {"Gather", gather, 2, 2, {"axis"}},
      {"Gemm", gemm, 2, 3, {"alpha", "beta", "transA", "transB"}},
      {"GlobalAveragePool", global_average_pool, 1, 1, {}},
      {"GlobalMaxPool", global_max_pool, 1, 1, {}},
      {"HardSigmoid", hard_sigmoid, 1, 1, {"alpha", "beta"}},
      {"HardSwish", hard_swish, 1, 1, {}},
      {"Identity", identity, 1, 1, {}},
      {"LeakyRelu", leaky_relu, 1, 1, {"alpha"}},
      {"MatMul", matrix_multiply, 2, 2, {}},
      {"MaxPool", max_pool, 1, 1, pooling_and("storage_order")},
      {"Mul", multiply, 2, 2, {}},
      {"Pad", pad, 1, 4, {"mode", "pads", "value"}},
      {"QuantizeLinear", quantize, 2, 3, {"axis", "block_size", "output_dtype", "saturate"}},
      {"ReduceMean", reduce_mean, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
      {"Relu", relu_of, 1, 1, {}},
      {"Reshape", reshape, 2, 2, {"allowzero"}},
      {"Shape", shape_of, 1, 1, {"end", "start"}},
      {"Sigmoid", sigmoid, 1, 1, {}},
      {"Slice", slice, 1, 5, {"axes", "ends", "starts"}},
      {"Softmax", softmax, 1, 1, {"axis"}},
      {"Squeeze", squeeze, 1, 2, {"axes"}},
      {"Sub", subtract, 2, 2, {}},
      {"Sum", sum, 1, SIZE_MAX, {}},
      {"Transpose", transpose, 1, 1, {"perm"}},
      {"Unsqueeze", unsqueeze, 1, 2, {"axes"}},
  };
  return table;
}

}  // namespace bitsweep::onnx
