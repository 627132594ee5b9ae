// Files that are broken, or meant to break the reader.
#include <functional>
#include <random>

#include "tests/catch.h"
#include "tests/layers.h"
#include "tests/onnx_model.h"

using namespace bitsweep;

namespace {

using Proto = ::onnx::TensorProto;

struct Hostile {
  const char* what;
  std::function<void(OnnxModel&)> fill;
  const char* message;
};

/// A convolution of the input, [1, 4, 4], for tables.
OnnxNode convolve(OnnxModel& model) {
  model.reals("w", some_values({1, 1, 2, 2}, 1));
  return model.node("Conv", {"x", "w"}, "y");
}

OnnxNode pool(OnnxModel& model, std::vector<int64_t> kernel) {
  return model.node("MaxPool", {"x"}, "y").integers("kernel_shape", kernel);
}

::onnx::TensorShapeProto& input_shape(OnnxModel& model) {
  return *model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
}

void relu_only(OnnxModel& model) {
  model.node("Relu", {"x"}, "y");
}

/// Weights of a linear layer that are made by ConstantOfShape.
void make_constant(OnnxModel& model, const std::vector<int64_t>& shape) {
  model.integers("s", shape);
  model.node("ConstantOfShape", {"s"}, "c"), model.node("Relu", {"x"}, "y");
}

const std::vector<Hostile> table = {
    // The file
    {"no nodes", [](OnnxModel&) {}, "has no nodes"},
    {"no graph", [](OnnxModel& m) { m.proto.clear_graph(); }, "holds no graph"},
    {"no opset", [](OnnxModel& m) { relu_only(m), m.proto.clear_opset_import(); },
     "names no opset of ai.onnx"},
    {"an opset before 7", [](OnnxModel& m) { relu_only(m), m.proto.mutable_opset_import(0)->set_version(6); },
     "is of opset 6; right is 7 to 21"},
    {"an opset to come", [](OnnxModel& m) { relu_only(m), m.proto.mutable_opset_import(0)->set_version(22); },
     "is of opset 22"},
    {"two opsets", [](OnnxModel& m) { relu_only(m), m.proto.add_opset_import()->set_version(13); },
     "names the opset of ai.onnx twice"},
    {"functions", [](OnnxModel& m) { relu_only(m), m.proto.add_functions()->set_name("f"); },
     "defines functions"},
    {"sparse weights", [](OnnxModel& m) { relu_only(m), m.graph().add_sparse_initializer(); },
     "has sparse initialisers"},
    {"more nodes than a network has",
     [](OnnxModel& m) {
       for (int i = 0; i < 20'001; ++i) m.graph().add_node();
     },
     "has 20001 nodes; right is at most 20000"},
    // Inputs and outputs
    {"no input", [](OnnxModel& m) { relu_only(m), m.graph().clear_input(); }, "has 0 inputs; right is one"},
    {"two inputs", [](OnnxModel& m) { relu_only(m), m.graph().add_input()->set_name("z"); }, "has 2 inputs"},
    {"no output", [](OnnxModel& m) { relu_only(m), m.graph().clear_output(); },
     "has 0 outputs; right is one"},
    {"two outputs", [](OnnxModel& m) { relu_only(m), m.graph().add_output()->set_name("z"); },
     "has 2 outputs"},
    {"an output that nothing makes", [](OnnxModel& m) { m.node("Relu", {"x"}, "z"); },
     "nothing makes its output 'y'"},
    {"an output that is the input", [](OnnxModel& m) { m.node("Identity", {"x"}, "y"); },
     "nothing is computed"},
    {"a constant output", [](OnnxModel& m) { m.number("c", 1), m.node("Identity", {"c"}, "y"); },
     "does not depend on the image"},
    {"an input without shape",
     [](OnnxModel& m) {
       relu_only(m), m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
     },
     "input 'x' has no shape"},
    {"an input without type", [](OnnxModel& m) { relu_only(m), m.graph().mutable_input(0)->clear_type(); },
     "input 'x' has no shape"},
    {"an input of integers",
     [](OnnxModel& m) {
       relu_only(m),
           m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(Proto::INT64);
     },
     "it holds integers"},
    {"an input of open size",
     [](OnnxModel& m) { relu_only(m), input_shape(m).mutable_dim(2)->set_dim_param("h"); },
     "has no fixed size in dimension 2"},
    {"an input of negative size",
     [](OnnxModel& m) { relu_only(m), input_shape(m).mutable_dim(2)->set_dim_value(-4); },
     "has no fixed size in dimension 2"},
    {"an input whose size overflows",
     [](OnnxModel& m) {
       relu_only(m);
       for (int i : {1, 2, 3}) input_shape(m).mutable_dim(i)->set_dim_value(INT64_MAX);
     },
     "right is at most 268435456 numbers"},
    {"an input of one dimension",
     [](OnnxModel& m) { relu_only(m), input_shape(m).mutable_dim()->DeleteSubrange(0, 3); },
     "has 1 dimensions"},
    // Nodes
    {"an operator that is not known", [](OnnxModel& m) { m.node("Loop", {"x"}, "y"); },
     "node 'y_node' (Loop, domain ai.onnx, opset 17): the operator is not supported; known: Add, "},
    {"another domain", [](OnnxModel& m) { m.node("Relu", {"x"}, "y").proto.set_domain("com.microsoft"); },
     "node 'y_node' (Relu, domain com.microsoft, opset 17): the domain is not supported"},
    {"a cycle",
     [](OnnxModel& m) {
       m.node("Add", {"x", "z"}, "y"), m.node("Relu", {"y"}, "z");
     },
     "it reads 'z', which is made later or by itself"},
    {"a node that reads itself",
     [](OnnxModel& m) {
       m.node("Add", {"x", "y"}, "y");
     },
     "it reads 'y', which is made later or by itself"},
    {"a missing input", [](OnnxModel& m) { m.node("Relu", {"absent"}, "y"); },
     "it reads 'absent', which nothing makes"},
    {"an input left out", [](OnnxModel& m) { m.node("Relu", {""}, "y"); }, "lacks number 1"},
    {"too few inputs", [](OnnxModel& m) { m.node("Add", {"x"}, "y"); }, "it has 1 input; right is 2"},
    {"a sum of nothing", [](OnnxModel& m) { m.node("Sum", {}, "y"); }, "it has 0 inputs; right is 1 or more"},
    {"more inputs than an operator with some has",
     [](OnnxModel& m) {
       m.node("Clip", {"x", "x", "x", "x"}, "y");
     },
     "it has 4 inputs; right is 1 to 3"},
    {"too many inputs",
     [](OnnxModel& m) {
       m.node("Relu", {"x", "x"}, "y");
     },
     "it has 2 inputs; right is 1"},
    {"no output of a node", [](OnnxModel& m) { m.node("Relu", {"x"}, "y").proto.clear_output(); },
     "it has no output"},
    {"a value made twice", [](OnnxModel& m) { relu_only(m), relu_only(m); },
     "it makes 'y', which is there already"},
    {"a value that is an initialiser", [](OnnxModel& m) { m.number("y", 1), relu_only(m); },
     "it makes 'y', which is there already"},
    {"an initialiser twice", [](OnnxModel& m) { m.number("c", 1), m.number("c", 1), relu_only(m); },
     "initialiser 'c' is there twice"},
    {"a second output that is read",
     [](OnnxModel& m) {
       m.node("Dropout", {"x"}, "d").proto.add_output("mask"), m.node("Relu", {"mask"}, "y");
     },
     "it reads 'mask', an output that bitsweep does not compute"},
    {"a name of a million letters", [](OnnxModel& m) { m.node(std::string(1'000'000, 'n'), {"x"}, "y"); },
     "nnn..., domain ai.onnx"},
    {"a name of control characters", [](OnnxModel& m) { m.node("\x1b[31m\n", {"x"}, "y"); },
     "(?[31m?, domain"},
    // Attributes
    {"an attribute of another kind", [](OnnxModel& m) { convolve(m).text("group", "two"); },
     "attribute 'group' is a text; right is an integer"},
    {"an attribute that is not known", [](OnnxModel& m) { convolve(m).integer("mode", 1); },
     "attribute 'mode' is not known; known: auto_pad, dilations"},
    {"an attribute twice", [](OnnxModel& m) { convolve(m).integer("group", 1).integer("group", 1); },
     "attribute 'group': it is there twice"},
    {"a nested graph",
     [](OnnxModel& m) {
       convolve(m).attribute("group", ::onnx::AttributeProto::GRAPH).mutable_g()->add_node();
     },
     "attribute 'group' is of another kind"},
    {"an alpha that is no number", [](OnnxModel& m) { m.node("LeakyRelu", {"x"}, "y").real("alpha", NAN); },
     "attribute 'alpha': it is nan; right is a finite number"},
    {"an infinite alpha", [](OnnxModel& m) { m.node("HardSigmoid", {"x"}, "y").real("alpha", INFINITY); },
     "attribute 'alpha': it is inf"},
    {"a bound that is no number",
     [](OnnxModel& m) {
       m.number("c", NAN), m.node("Clip", {"x", "c"}, "y");
     },
     "input 2 is not a number"},
    {"bounds that cross",
     [](OnnxModel& m) {
       m.number("a", 2), m.number("b", 1), m.node("Clip", {"x", "a", "b"}, "y");
     },
     "it clips between 2 and 1"},
    // Windows
    {"a kernel of 10^9",
     [](OnnxModel& m) {
       pool(m, {1'000'000'000, 1});
     },
     "attribute 'kernel_shape' has 1000000000; right is 1 to 65536"},
    {"a kernel beyond the image",
     [](OnnxModel& m) {
       pool(m, {5, 1});
     },
     "covers 5 elements but the padded input has 4"},
    {"a kernel of 0",
     [](OnnxModel& m) {
       pool(m, {0, 1});
     },
     "attribute 'kernel_shape' has 0"},
    {"a kernel of three axes",
     [](OnnxModel& m) {
       pool(m, {1, 1, 1});
     },
     "has 3 values; right is 2"},
    {"no kernel", [](OnnxModel& m) { m.node("MaxPool", {"x"}, "y"); }, "attribute 'kernel_shape' is missing"},
    {"a kernel unlike the weights",
     [](OnnxModel& m) {
       convolve(m).integers("kernel_shape", {3, 3});
     },
     "is [3, 3], that of the weights [2, 2]"},
    {"a stride of 0",
     [](OnnxModel& m) {
       convolve(m).integers("strides", {0, 1});
     },
     "attribute 'strides' has 0"},
    {"a dilation below 0",
     [](OnnxModel& m) {
       convolve(m).integers("dilations", {1, -1});
     },
     "attribute 'dilations' has -1"},
    {"padding below 0",
     [](OnnxModel& m) {
       convolve(m).integers("pads", {0, 0, -1, 0});
     },
     "attribute 'pads' has -1"},
    {"padding that overflows",
     [](OnnxModel& m) {
       convolve(m).integers("pads", {INT64_MAX, 0, INT64_MAX, 0});
     },
     "attribute 'pads' has 9223372036854775807"},
    {"a pool over nothing but padding",
     [](OnnxModel& m) {
       pool(m, {2, 2}).integers("pads", {2, 0, 0, 0});
     },
     "covers nothing but padding"},
    {"no groups", [](OnnxModel& m) { convolve(m).integer("group", 0); }, "0 groups do not divide"},
    {"automatic padding that is not known", [](OnnxModel& m) { convolve(m).text("auto_pad", "SOME"); },
     "attribute 'auto_pad' is 'SOME'"},
    {"an output larger than memory",
     [](OnnxModel& m) {
       m.reals("w", some_values({1, 1, 1, 1}, 1));
       m.node("Conv", {"x", "w"}, "y").integers("pads", {60'000, 60'000, 60'000, 60'000});
     },
     "right is at most 268435456 numbers"},
    {"outputs that together are larger than memory",
     [](OnnxModel& m) {
       m.reals("w", some_values({1, 1, 1, 1}, 1));
       m.node("Conv", {"x", "w"}, "a0").integers("pads", {8'000, 8'000, 8'000, 8'000});
       for (int i = 0; i < 9; ++i)
         m.node("Conv", {"a" + std::to_string(i), "w"}, "a" + std::to_string(i + 1));
       m.node("Relu", {"a9"}, "y");
     },
     "node 'a8_node' (Conv, domain ai.onnx, opset 17): with layer 'a8_node' all layers together give more "
     "than 2147483648 numbers for one image"},
    // Tensors
    {"weights of another rank",
     [](OnnxModel& m) {
       m.reals("w", some_values({2, 2}, 1)), m.node("Conv", {"x", "w"}, "y");
     },
     "its weights have shape [2, 2]; right is [out, in / groups, height, width]"},
    {"weights that are not constant",
     [](OnnxModel& m) {
       m.node("Conv", {"x", "x"}, "y");
     },
     "its input 2 ('x') is computed from the image; right is a constant"},
    {"weights of another shape",
     [](OnnxModel& m) {
       m.reals("w", some_values({3, 2}, 1)), m.node("Gemm", {"x", "w"}, "y");
     },
     "right is a vector"},
    {"a tensor without data",
     [](OnnxModel& m) {
       relu_only(m), m.tensor("c", {1'000'000, 1'000}, Proto::FLOAT);
     },
     "initialiser 'c': it has 0 numbers; right is 1000000000"},
    {"a tensor with less data than its shape",
     [](OnnxModel& m) {
       relu_only(m), m.reals("c", {{3}, {1, 2}});
     },
     "it has 2 numbers; right is 3"},
    {"raw data of another size",
     [](OnnxModel& m) { relu_only(m), m.tensor("c", {2}, Proto::FLOAT).set_raw_data("1234567"); },
     "it has 7 bytes of data; right is 8"},
    {"data twice",
     [](OnnxModel& m) {
       relu_only(m), m.reals("c", {{1}, {1}}).set_raw_data("1234");
     },
     "it has its data twice"},
    {"a size below 0", [](OnnxModel& m) { relu_only(m), m.tensor("c", {-1}, Proto::FLOAT); },
     "size -1 is impossible"},
    {"sizes that overflow",
     [](OnnxModel& m) {
       relu_only(m), m.tensor("c", {INT64_MAX / 2, 3, 7}, Proto::FLOAT);
     },
     "overflows"},
    {"a tensor of 4 TB",
     [](OnnxModel& m) {
       relu_only(m), m.tensor("c", {1'000'000, 1'000'000}, Proto::FLOAT);
     },
     "is too large; right is at most 2147483648 numbers"},
    {"a sum of a hundred thousand",
     [](OnnxModel& m) { m.node("Sum", std::vector<std::string>(100'000, "x"), "y"); },
     "the network has more than 10000 layers"},
    {"nine dimensions", [](OnnxModel& m) { relu_only(m), m.tensor("c", Shape(9, 1), Proto::FLOAT); },
     "it has 9 dimensions; right is at most 8"},
    {"a tensor of text", [](OnnxModel& m) { relu_only(m), m.tensor("c", {1}, Proto::STRING); },
     "data type STRING cannot be read"},
    {"a tensor of no known type", [](OnnxModel& m) { relu_only(m), m.tensor("c", {1}, 4711); },
     "data type 4711 cannot be read"},
    {"a byte beyond a byte",
     [](OnnxModel& m) { relu_only(m), m.tensor("c", {1}, Proto::INT8).add_int32_data(128); },
     "it holds 128, which is beyond its data type"},
    {"a segment of a tensor",
     [](OnnxModel& m) {
       relu_only(m), m.reals("c", {{1}, {1}}).mutable_segment()->set_begin(0);
     },
     "it is a segment of a tensor"},
    {"a variance below 0",
     [](OnnxModel& m) {
       m.reals("c", {{1}, {-1}});
       m.node("BatchNormalization", {"x", "c", "c", "c", "c"}, "y");
     },
     "variance -1 with epsilon"},
    // Constants that are made
    {"a constant of 10^18 numbers",
     [](OnnxModel& m) {
       make_constant(m, {1'000'000'000, 1'000'000'000});
     },
     "asks for more numbers than a network of its size has"},
    {"a constant whose size overflows",
     [](OnnxModel& m) {
       make_constant(m, {INT64_MAX, 3});
     },
     "is impossible"},
    {"a constant of negative size", [](OnnxModel& m) { make_constant(m, {-1}); }, "is impossible"},
    {"constants that double",
     [](OnnxModel& m) {
       m.reals("c0", {{2}, {1, 2}});
       for (int i = 0; i < 40; ++i) {
         const std::string from = "c" + std::to_string(i);
         m.node("Concat", {from, from}, "c" + std::to_string(i + 1)).integer("axis", 0);
       }
       relu_only(m);
     },
     "asks for more numbers than a network of its size has"},
    {"layers that double",
     [](OnnxModel& m) {
       m.node("Relu", {"x"}, "c0");
       for (int i = 0; i < 40; ++i) {
         const std::string from = "c" + std::to_string(i);
         m.node("Concat", {from, from}, "c" + std::to_string(i + 1)).integer("axis", 1);
       }
       m.node("Relu", {"c40"}, "y");
     },
     "right is at most 268435456 numbers"},
    {"an index beyond the constant",
     [](OnnxModel& m) {
       m.integers("i", {4}), m.node("Shape", {"x"}, "s"), m.node("Gather", {"s", "i"}, "g"), relu_only(m);
     },
     "index 4 is beyond 4 elements"},
    {"a slice without step",
     [](OnnxModel& m) {
       m.integers("z", {0}), m.integers("o", {1}), m.node("Shape", {"x"}, "s");
       m.node("Slice", {"s", "z", "o", "z", "z"}, "c"), relu_only(m);
     },
     "it has a step of 0"},
    {"integers divided by 0",
     [](OnnxModel& m) {
       m.integers("z", {0}), m.node("Div", {"z", "z"}, "c"), relu_only(m);
     },
     "it divides by 0"},
    {"a layer divided by 0",
     [](OnnxModel& m) {
       m.number("z", 0), m.node("Div", {"x", "z"}, "y");
     },
     "it divides by 0"},
    {"a factor that is no number",
     [](OnnxModel& m) {
       m.number("z", NAN), m.node("Mul", {"x", "z"}, "y");
     },
     "a constant holds nan"},
    // Views
    {"a shape of other size",
     [](OnnxModel& m) {
       m.integers("s", {1, 17}), m.node("Reshape", {"x", "s"}, "y");
     },
     "it makes shape [1, 17] of [1, 1, 4, 4]; right is as many elements"},
    {"a shape with two open sizes",
     [](OnnxModel& m) {
       m.integers("s", {-1, -1}), m.node("Reshape", {"x", "s"}, "y");
     },
     "right is as many elements"},
    {"a shape that mixes the images",
     [](OnnxModel& m) {
       m.integers("s", {16, 1}), m.node("Reshape", {"x", "s"}, "y");
     },
     "changes the batch"},
    {"a permutation that is none",
     [](OnnxModel& m) {
       m.node("Transpose", {"x"}, "y").integers("perm", {0, 0, 1, 2});
     },
     "right is each of 4 axes once"},
    {"a permutation that moves numbers",
     [](OnnxModel& m) {
       m.node("Transpose", {"x"}, "y").integers("perm", {0, 1, 3, 2});
     },
     "it moves axes of shape"},
    {"an axis beyond", [](OnnxModel& m) { m.node("Flatten", {"x"}, "y").integer("axis", 7); },
     "axis 7 is beyond 4 dimensions"},
    {"an empty Unsqueeze", [](OnnxModel& m) { m.node("Unsqueeze", {"x"}, "y"); }, "its axes are missing"},
    // Quantisation
    {"a scale of 0",
     [](OnnxModel& m) {
       m.number("s", 0), m.node("QuantizeLinear", {"x", "s"}, "y");
     },
     "it has scale 0; right is a finite number above 0"},
    {"a quantised output",
     [](OnnxModel& m) {
       m.number("s", 1), m.node("QuantizeLinear", {"x", "s"}, "y");
     },
     "it is quantised; right is a DequantizeLinear before it"},
    {"a quantised value that is computed with",
     [](OnnxModel& m) {
       m.number("s", 1), m.node("QuantizeLinear", {"x", "s"}, "q"), m.node("Relu", {"q"}, "y");
     },
     "its input 1 ('q') is quantised"},
    {"two scales for one value",
     [](OnnxModel& m) {
       m.number("s", 1), m.number("t", 2);
       m.node("QuantizeLinear", {"x", "s"}, "q"), m.node("DequantizeLinear", {"q", "t"}, "y");
     },
     "its scale and zero point are 2 and 0, those of the QuantizeLinear 1 and 0"},
    {"an output type that is not read",
     [](OnnxModel& m) {
       m.number("s", 1), m.node("QuantizeLinear", {"x", "s"}, "q").integer("output_dtype", 17);
       m.node("DequantizeLinear", {"q", "s"}, "y");
     },
     "attribute 'output_dtype' is 17; right is 2 (uint8) or 3 (int8)"},
    {"an output type unlike the zero point",
     [](OnnxModel& m) {
       m.number("s", 1), m.tensor("z", {}, Proto::UINT8).add_int32_data(0);
       m.node("QuantizeLinear", {"x", "s", "z"}, "q").integer("output_dtype", 3);
       m.node("DequantizeLinear", {"q", "s", "z"}, "y");
     },
     "its zero points are of another type than attribute 'output_dtype'"},
    {"a vector that becomes an image in the middle of a network",
     [](OnnxModel& m) {
       m.reals("w", some_values({16, 16}, 1)), m.reals("k", some_values({1, 1, 1, 1}, 1));
       m.integers("s", {-1, 1, 4, 4}), m.node("Flatten", {"x"}, "f"), m.node("MatMul", {"f", "w"}, "g");
       m.node("Reshape", {"g", "s"}, "r"), m.node("Conv", {"r", "k"}, "y");
     },
     "its input is a vector that was reshaped to [1, 4, 4], in the middle of a network; right is an image"},
    {"Gemm that transposes the images",
     [](OnnxModel& m) {
       m.reals("w", some_values({16, 2}, 1));
       m.node("Flatten", {"x"}, "f"), m.node("Gemm", {"f", "w"}, "y").integer("transA", 1);
     },
     "would mix the images of a batch"},
};

/// A valid model with a bit of everything.
std::string valid_model() {
  OnnxModel model({2, 6, 6}, 13);
  model.reals("w", some_values({4, 2, 3, 3}, 1)), model.reals("b", some_values({4}, 2));
  model.node("Conv", {"x", "w", "b"}, "c").integers("pads", {1, 1, 1, 1}).integers("strides", {2, 2});
  model.number("low", 0), model.number("high", 6), model.number("half", 0.5F);
  model.node("Clip", {"c", "low", "high"}, "r");
  model.node("QuantizeLinear", {"r", "half"}, "q"), model.node("DequantizeLinear", {"q", "half"}, "d");
  model.node("Sigmoid", {"d"}, "s"), model.node("Mul", {"d", "s"}, "m");
  model.node("Concat", {"m", "r"}, "j").integer("axis", 1);
  model.node("AveragePool", {"j"}, "p").integers("kernel_shape", {2, 2}).integer("ceil_mode", 1);
  model.integers("zero", {0}), model.integers("minus", {-1}), model.integers("eight", {8});
  model.node("ConstantOfShape", {"eight"}, "o"), model.integers("axes", {1, 2});
  model.node("Unsqueeze", {"o", "axes"}, "u"), model.node("Add", {"p", "u"}, "a");
  model.node("Shape", {"a"}, "t"), model.node("Gather", {"t", "zero"}, "n");
  model.node("Concat", {"n", "minus"}, "l").integer("axis", 0), model.node("Reshape", {"a", "l"}, "f");
  model.reals("g", some_values({3, 32}, 3));
  model.node("Gemm", {"f", "g"}, "h").integer("transB", 1), model.node("Softmax", {"h"}, "y");
  return model.bytes();
}

/// Reads it: a network or an Error, and nothing else.
bool is_read(const std::string& bytes) {
  try {
    read_bytes(bytes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("onnx: hostile and malformed models are refused with the reason") {
  for (const Hostile& hostile : table) {
    OnnxModel model({1, 4, 4});
    hostile.fill(model);
    INFO(hostile.what);
    const std::string refusal = refusal_of(model.bytes());
    CHECK_THAT(refusal, ContainsSubstring("model.onnx: "));
    CHECK_THAT(refusal, ContainsSubstring(hostile.message));
    CHECK(refusal.size() < 1500);
  }
}

TEST_CASE("onnx: missing files, folders, and what is no ONNX file are refused with their name") {
  const OnnxFolder folder;
  CHECK_THROWS_WITH(read_onnx(folder.path / "absent.onnx"), ContainsSubstring("absent.onnx: "));
  CHECK_THROWS_AS(read_onnx(folder.path), Error);
  CHECK_THAT(refusal_of(""), ContainsSubstring("is empty"));
  CHECK_THAT(refusal_of("{\"not\": \"protobuf\"}"), ContainsSubstring("is not an ONNX file, or was cut off"));
  const std::string nested = [] {  // deeper than protobuf follows
    ::onnx::ModelProto model;
    auto* graph = model.mutable_graph();
    for (int depth = 0; depth < 200; ++depth) graph = graph->add_node()->add_attribute()->mutable_g();
    return model.SerializeAsString();
  }();
  CHECK_THAT(refusal_of(nested), ContainsSubstring("is not an ONNX file, or was cut off"));
  std::ofstream(folder.path / "huge.onnx") << "1";
  std::filesystem::resize_file(folder.path / "huge.onnx", uint64_t{1} << 31);  // sparse: takes no room
  CHECK_THROWS_WITH(read_onnx(folder.path / "huge.onnx"), ContainsSubstring("right is below 2 GiB"));
}

TEST_CASE("onnx: a file of countless empty things is refused before they are made") {
  // Fields of protobuf: number and kind, then a length.
  const auto field = [](int number, const std::string& bytes) {
    std::string text;
    for (uint64_t left : {uint64_t(number) << 3 | 2, uint64_t(bytes.size())}) {
      for (; left > 127; left >>= 7) text += static_cast<char>(left | 128);
      text += static_cast<char>(left);
    }
    return text + bytes;
  };
  const auto repeated = [](const std::string& bytes) {
    std::string text;
    for (int i = 0; i < 1'000'001; ++i) text += bytes;
    return text;
  };
  const auto graph = [&](const std::string& bytes) { return field(7, bytes); };
  const std::vector<std::pair<const char*, std::string>> files = {
      {"nodes", graph(repeated(field(1, "")))},
      {"initialisers", graph(repeated(field(5, "")))},
      {"values", graph(repeated(field(13, "")))},
      {"attributes", graph(field(1, repeated(field(5, ""))))},
      {"texts of an attribute", graph(field(1, field(5, repeated(field(9, "")))))},
      {"names of inputs", graph(field(1, repeated(field(1, ""))))},
      {"functions", repeated(field(25, ""))},
      {"metadata", repeated(field(14, ""))},
      {"unknown texts", repeated(field(15, ""))},
      {"unknown numbers", repeated(std::string("\x78\x01", 2))}};
  for (const auto& [what, bytes] : files) {
    INFO(what);
    CHECK_THAT(refusal_of(bytes),
               ContainsSubstring("has more than 1000000 nodes, attributes, tensors and names"));
  }
}

TEST_CASE("onnx: a file cut off anywhere, or with any bytes changed, is a network or an error") {
  const std::string whole = valid_model();
  REQUIRE(is_read(whole));
  for (size_t length = 0; length < whole.size(); length += 3) is_read(whole.substr(0, length));
  std::mt19937 random(1);
  int read = 0;
  for (int variant = 0; variant < 2000; ++variant) {
    std::string changed = whole;
    for (uint32_t flips = 1 + random() % 4; flips > 0; --flips)
      changed[random() % changed.size()] = static_cast<char>(random());
    read += is_read(changed);
  }
  CHECK(read > 0);
  CHECK(read < 2000);
}
