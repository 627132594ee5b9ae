// What each operator becomes.
#include <cmath>

#include "harness/compression/quantization.h"
#include "harness/fusion.h"
#include "tests/catch.h"
#include "tests/layers.h"
#include "tests/onnx_model.h"

using namespace bitsweep;

namespace {

/// Equal in all but the names.
void check_same(const Network& read, const Network& right) {
  CHECK(description_of(read) == description_of(right));
  CHECK(weights_hash(read) == weights_hash(right));
}

/// A network of one layer.
Network right_network(Shape input, Operation operation) {
  Network network("right", std::move(input));
  network.add("y", std::move(operation));
  return network;
}

Window window(std::array<int64_t, 2> kernel, std::array<int64_t, 2> stride = {1, 1},
              std::array<int64_t, 2> begin = {0, 0}, std::array<int64_t, 2> end = {0, 0},
              std::array<int64_t, 2> dilation = {1, 1}) {
  return {kernel, stride, begin, end, dilation};
}

const Tensor four_channels = some_values({4, 1, 1}, 77);

}  // namespace

TEST_CASE("onnx: a convolution keeps its groups, strides, dilation and padding on each side") {
  OnnxModel model({4, 9, 8});
  const Tensor weights = some_values({6, 2, 3, 2}, 1), bias = some_values({6}, 2);
  model.reals("w", weights), model.reals("b", bias);
  model.node("Conv", {"x", "w", "b"}, "y")
      .integers("pads", {1, 0, 2, 3})
      .integers("strides", {2, 1})
      .integers("dilations", {1, 2})
      .integer("group", 2);
  check_same(
      read(model),
      right_network({4, 9, 8},
                    Convolution{weights, bias, window({3, 2}, {2, 1}, {1, 0}, {2, 3}, {1, 2}), 2, {}}));
}

TEST_CASE("onnx: automatic padding is worked out, the odd one at the end or at the beginning") {
  const Tensor weights = some_values({2, 1, 3, 2}, 1);
  const auto padded = [&](const char* automatic) {
    OnnxModel model({1, 8, 5});
    model.reals("w", weights);
    model.node("Conv", {"x", "w"}, "y").text("auto_pad", automatic).integers("strides", {2, 1});
    return read(model);
  };
  const auto right = [&](std::array<int64_t, 2> begin, std::array<int64_t, 2> end) {
    return right_network({1, 8, 5}, Convolution{weights, {}, window({3, 2}, {2, 1}, begin, end), 1, {}});
  };
  check_same(padded("SAME_UPPER"), right({0, 0}, {1, 1}));
  check_same(padded("SAME_LOWER"), right({1, 1}, {0, 0}));
  check_same(padded("VALID"), right({0, 0}, {0, 0}));
  check_same(padded("NOTSET"), right({0, 0}, {0, 0}));
}

TEST_CASE("onnx: pools keep their window, rounding up becomes padding at the end") {
  OnnxModel model({1, 6, 7});
  SECTION("max") {
    model.node("MaxPool", {"x"}, "y")
        .integers("kernel_shape", {3, 3})
        .integers("strides", {2, 2})
        .integer("ceil_mode", 1);
    check_same(read(model), right_network({1, 6, 7}, MaxPool{window({3, 3}, {2, 2}, {0, 0}, {1, 0})}));
  }
  SECTION("max, where the last window would see nothing but padding") {
    model.node("MaxPool", {"x"}, "y")
        .integers("kernel_shape", {1, 1})
        .integers("strides", {6, 4})
        .integer("ceil_mode", 1);
    check_same(read(model), right_network({1, 6, 7}, MaxPool{window({1, 1}, {6, 4})}));
  }
  SECTION("average, that counts padding") {
    model.node("AveragePool", {"x"}, "y")
        .integers("kernel_shape", {2, 3})
        .integers("pads", {1, 1, 0, 1})
        .integer("count_include_pad", 1);
    check_same(read(model),
               right_network({1, 6, 7}, AveragePool{window({2, 3}, {1, 1}, {1, 1}, {0, 1}), true}));
  }
  SECTION("average, rounded up") {
    model.node("AveragePool", {"x"}, "y")
        .integers("kernel_shape", {3, 3})
        .integers("strides", {2, 2})
        .integer("ceil_mode", 1);
    check_same(read(model),
               right_network({1, 6, 7}, AveragePool{window({3, 3}, {2, 2}, {0, 0}, {1, 0}), false}));
  }
  SECTION("average that counts padding, rounded up: what is beyond the padding does not count") {
    const std::vector<int64_t> pads =
        GENERATE(std::vector<int64_t>{0, 0, 0, 0}, std::vector<int64_t>{1, 2, 1, 1});
    const bool pad = pads[0] > 0;
    model.node("AveragePool", {"x"}, "y")
        .integers("kernel_shape", {3, 3})
        .integers("strides", {2, 2})
        .integers("pads", pads)
        .integer("ceil_mode", 1)
        .integer("count_include_pad", 1);
    Network right("right", {1, 6, 7});
    if (pad)
      right.add("pad", Convolution{{{1, 1, 1, 1}, {1}}, {}, window({1, 1}, {1, 1}, {1, 2}, {1, 1}), 1, {}});
    right.add("pool", AveragePool{window({3, 3}, {2, 2}, {0, 0}, {1, pad ? 1 : 0}), false});
    check_same(read(model), right);
  }
  SECTION("over the whole image") {
    model.node("GlobalAveragePool", {"x"}, "y");
    check_same(read(model), right_network({1, 6, 7}, GlobalAveragePool{}));
  }
  SECTION("the largest of the whole image") {
    model.node("GlobalMaxPool", {"x"}, "y");
    check_same(read(model), right_network({1, 6, 7}, MaxPool{window({6, 7})}));
  }
}

TEST_CASE("onnx: a mean over height and width is a global pool, with axes as attribute or input") {
  for (int64_t opset : {13, 18})
    for (bool keep : {true, false}) {
      OnnxModel model({3, 4, 5}, opset);
      if (opset >= 18) model.integers("axes", {-1, 2});
      OnnxNode node = model.node(
          "ReduceMean", opset >= 18 ? std::vector<std::string>{"x", "axes"} : std::vector<std::string>{"x"},
          "y");
      if (opset < 18) node.integers("axes", {2, -1});
      node.integer("keepdims", keep);
      Network right = right_network({3, 4, 5}, GlobalAveragePool{});
      if (!keep) right.add("flat", Flatten{});
      check_same(read(model), right);
    }
}

TEST_CASE("onnx: activations keep their parameters") {
  struct Case {
    const char* type;
    std::vector<std::pair<const char*, float>> attributes;
    Activation right;
  };
  const std::vector<Case> cases = {
      {"Relu", {}, relu},
      {"LeakyRelu", {}, {Function::leaky_relu, 0.01F, 0}},
      {"LeakyRelu", {{"alpha", 0.2F}}, {Function::leaky_relu, 0.2F, 0}},
      {"Sigmoid", {}, {Function::sigmoid, 0, 0}},
      {"HardSigmoid", {}, {Function::hard_sigmoid, 0.2F, 0.5F}},
      {"HardSigmoid", {{"alpha", 0.1F}, {"beta", 0.3F}}, {Function::hard_sigmoid, 0.1F, 0.3F}},
      {"HardSwish", {}, {Function::hard_swish, 0, 0}},
  };
  for (const Case& known : cases) {
    OnnxModel model({5});
    OnnxNode node = model.node(known.type, {"x"}, "y");
    for (const auto& [name, value] : known.attributes) node.real(name, value);
    check_same(read(model), right_network({5}, known.right));
  }
}

TEST_CASE("onnx: Clip has its bounds as attributes before opset 11, as inputs since") {
  SECTION("attributes") {
    OnnxModel model({5}, 10);
    model.node("Clip", {"x"}, "y").real("min", 0).real("max", 6);
    check_same(read(model), right_network({5}, Activation{Function::clip, 0, 6}));
  }
  SECTION("inputs") {
    OnnxModel model({5}, 13);
    model.number("low", -1), model.number("high", 2);
    model.node("Clip", {"x", "low", "high"}, "y");
    check_same(read(model), right_network({5}, Activation{Function::clip, -1, 2}));
  }
  SECTION("only from below, at 0, it is a ReLU") {
    OnnxModel model({5}, 13);
    model.number("low", 0);
    model.node("Clip", {"x", "low"}, "y");
    check_same(read(model), right_network({5}, relu));
  }
}

TEST_CASE("onnx: what exporters write as several nodes is one activation") {
  const auto given = [](const std::function<void(OnnxModel&)>& fill) {
    OnnxModel model({2, 3, 3});
    model.number("three", 3), model.number("six", 6), model.number("sixth", 1 / 6.F), model.number("zero", 0);
    fill(model);
    return read(model);
  };
  const Network silu = right_network({2, 3, 3}, Activation{Function::silu});
  const Network hard_swish = right_network({2, 3, 3}, Activation{Function::hard_swish});
  check_same(given([](OnnxModel& m) {
               m.node("Sigmoid", {"x"}, "s"), m.node("Mul", {"x", "s"}, "y");
             }),
             silu);
  check_same(given([](OnnxModel& m) {
               m.node("Sigmoid", {"x"}, "s"), m.node("Mul", {"s", "x"}, "y");
             }),
             silu);
  check_same(given([](OnnxModel& m) {
               m.node("HardSigmoid", {"x"}, "s").real("alpha", 0.1666667F);
               m.node("Mul", {"x", "s"}, "y");
             }),
             hard_swish);
  const auto gate = [](OnnxModel& m) {
    m.node("Add", {"x", "three"}, "a"), m.node("Clip", {"a", "zero", "six"}, "c");
  };
  check_same(given([&](OnnxModel& m) {
               gate(m), m.node("Div", {"c", "six"}, "d"), m.node("Mul", {"x", "d"}, "y");
             }),
             hard_swish);
  check_same(given([&](OnnxModel& m) {
               gate(m), m.node("Mul", {"x", "c"}, "p"), m.node("Div", {"p", "six"}, "y");
             }),
             hard_swish);
  check_same(given([&](OnnxModel& m) {
               gate(m), m.node("Mul", {"c", "x"}, "p"), m.node("Mul", {"sixth", "p"}, "y");
             }),
             hard_swish);
  check_same(given([&](OnnxModel& m) {
               gate(m), m.node("Mul", {"x", "sixth"}, "p"), m.node("Mul", {"p", "c"}, "y");
             }),
             hard_swish);
  const Network sixth = given([&](OnnxModel& m) { gate(m), m.node("Div", {"c", "six"}, "y"); });
  CHECK(description_of(sixth) ==
        description_of(right_network({2, 3, 3}, Activation{Function::hard_sigmoid, 1 / 6.F, 0.5F})));
  // Another factor is another function.
  const Network other = given([&](OnnxModel& m) {
    gate(m), m.node("Mul", {"x", "c"}, "p"), m.node("Div", {"p", "three"}, "y");
  });
  CHECK_THAT(description_of(other), ContainsSubstring("multiply"));
}

TEST_CASE("onnx: constants are added and multiplied a channel, and end in the layer before") {
  OnnxModel model({3, 4, 4});
  const Tensor weights = some_values({4, 3, 1, 1}, 1);
  model.reals("w", weights);
  model.reals("c", four_channels);
  model.node("Conv", {"x", "w"}, "v");
  const auto read_with = [&](const char* type, std::vector<std::string> inputs) {
    model.node(type, inputs, "y");
    return read(model);
  };
  const auto scaled = [&](const std::function<float(float)>& scale,
                          const std::function<float(float)>& shift) {
    Network right("right", {3, 4, 4});
    right.add("conv", Convolution{weights, {}, {}, 1, {}});
    BatchNormalization layer{{{4}, {}}, {{4}, {}}, {{4}, {0, 0, 0, 0}}, {{4}, {1, 1, 1, 1}}, 0};
    for (float value : four_channels.values)
      layer.scale.values.push_back(scale(value)), layer.shift.values.push_back(shift(value));
    right.add("y", std::move(layer));
    return right;
  };
  const auto one = [](float) { return 1.F; };
  const auto zero = [](float) { return 0.F; };
  const auto same = [](float value) { return value; };
  SECTION("a sum is the bias") {
    check_same(read_with("Add", {"c", "v"}),
               right_network({3, 4, 4}, Convolution{weights, {{4}, four_channels.values}, {}, 1, {}}));
  }
  SECTION("a difference") {
    Tensor bias{{4}, four_channels.values};
    for (float& value : bias.values) value = -value;
    check_same(read_with("Sub", {"v", "c"}), right_network({3, 4, 4}, Convolution{weights, bias, {}, 1, {}}));
  }
  SECTION("a difference the other way round") {
    check_same(read_with("Sub", {"c", "v"}), scaled([](float) { return -1.F; }, same));
  }
  SECTION("a product") {
    check_same(read_with("Mul", {"v", "c"}), scaled(same, zero));
  }
  SECTION("a quotient") {
    check_same(read_with("Div", {"v", "c"}), scaled([](float value) { return 1 / value; }, zero));
  }
  SECTION("one number for all") {
    model.number("two", 2);
    check_same(read_with("Mul", {"v", "two"}), scaled([&](float v) { return one(v) * 2; }, zero));
  }
  SECTION("a constant a pixel is refused") {
    model.reals("pixels", some_values({4, 4}, 3));
    model.node("Add", {"v", "pixels"}, "y");
    CHECK_THAT(refusal_of(model.bytes()), ContainsSubstring("right is one number, or one a channel"));
  }
}

TEST_CASE("onnx: layers are added, multiplied and joined; one may have a factor a channel") {
  OnnxModel model({4, 3, 3});
  Network right("right", {4, 3, 3});
  right.add("a", relu);
  model.node("Relu", {"x"}, "a");
  SECTION("sum") {
    model.node("Add", {"a", "x"}, "y");
    right.add("y", Add{}, {1, 0});
  }
  SECTION("sum of three") {
    model.node("Sum", {"a", "x", "a"}, "y");
    right.add("s", Add{}, {1, 0}), right.add("y", Add{}, {2, 1});
  }
  SECTION("product") {
    model.node("Mul", {"a", "x"}, "y");
    right.add("y", Multiply{}, {1, 0});
  }
  SECTION("gate, in either order") {
    model.node("GlobalAveragePool", {"a"}, "g");
    right.add("g", GlobalAveragePool{});
    model.node("Mul", {"g", "a"}, "y");
    right.add("y", Multiply{}, {1, 2});
  }
  SECTION("gate that a linear layer gives, unsqueezed") {
    model.node("GlobalAveragePool", {"a"}, "g"), model.node("Flatten", {"g"}, "f");
    const Tensor weights = some_values({4, 4}, 3);
    model.reals("w", weights);
    model.node("Gemm", {"f", "w"}, "l").integer("transB", 1);
    model.integers("axes", {2, 3});
    model.node("Unsqueeze", {"l", "axes"}, "u"), model.node("Mul", {"a", "u"}, "y");
    right.add("g", GlobalAveragePool{}), right.add("f", Flatten{}), right.add("l", Linear{weights, {}, {}});
    right.add("y", Multiply{}, {1, 4});
  }
  SECTION("concatenation") {
    model.node("Concat", {"x", "a", "x"}, "y").integer("axis", -3);
    right.add("y", Concatenation{}, {0, 1, 0});
  }
  check_same(read(model), right);
}

TEST_CASE("onnx: Gemm and MatMul are linear layers, whatever way their weights lie") {
  const Tensor weights = some_values({2, 3}, 1);  // [out, in]
  const Tensor across{{3, 2},
                      {weights.values[0], weights.values[3], weights.values[1], weights.values[4],
                       weights.values[2], weights.values[5]}};
  const Tensor bias = some_values({2}, 2);
  OnnxModel model({3});
  model.reals("w", weights), model.reals("wt", across), model.reals("b", bias);
  const Network right = right_network({3}, Linear{weights, bias, {}});
  SECTION("transposed") {
    model.node("Gemm", {"x", "w", "b"}, "y").integer("transB", 1);
    check_same(read(model), right);
  }
  SECTION("not transposed") {
    model.node("Gemm", {"x", "wt", "b"}, "y");
    check_same(read(model), right);
  }
  SECTION("with factors") {
    model.node("Gemm", {"x", "wt", "b"}, "y").real("alpha", 2).real("beta", 0.5F);
    Linear scaled{weights, bias, {}};
    for (float& value : scaled.weights.values) value *= 2;
    for (float& value : scaled.bias.values) value *= 0.5F;
    check_same(read(model), right_network({3}, scaled));
  }
  SECTION("MatMul, then Add") {
    model.node("MatMul", {"x", "wt"}, "m"), model.node("Add", {"m", "b"}, "y");
    check_same(read(model), right);
  }
  SECTION("MatMul with weights that are transposed by a node") {
    model.node("Transpose", {"w"}, "t"), model.node("MatMul", {"x", "t"}, "m"),
        model.node("Add", {"b", "m"}, "y");
    check_same(read(model), right);
  }
}

TEST_CASE("onnx: images in [height, width, channels] order are fed as [channels, height, width]") {
  OnnxModel model({2, 3, 4});  // height 2, width 3
  const Tensor weights = some_values({5, 4, 1, 1}, 1);
  Tensor dense = some_values({30, 7}, 2);  // of a vector in [height, width, channels] order
  model.reals("w", weights), model.reals("d", dense), model.integers("flat", {-1, 30});
  model.node("Transpose", {"x"}, "t").integers("perm", {0, 3, 1, 2});
  model.node("Conv", {"t", "w"}, "c");
  model.node("Transpose", {"c"}, "l").integers("perm", {0, 2, 3, 1});
  model.node("Relu", {"l"}, "r"), model.node("Reshape", {"r", "flat"}, "f"),
      model.node("MatMul", {"f", "d"}, "y");

  Linear linear{{{7, 30}, std::vector<float>(210)}, {}, {}};
  for (int64_t out = 0; out < 7; ++out)
    for (int64_t channel = 0; channel < 5; ++channel)
      for (int64_t pixel = 0; pixel < 6; ++pixel)
        linear.weights.values[out * 30 + channel * 6 + pixel] = dense.values[(pixel * 5 + channel) * 7 + out];
  Network right("right", {4, 2, 3});
  right.add("c", Convolution{weights, {}, {}, 1, {}});
  right.add("r", relu), right.add("f", Flatten{}), right.add("y", linear);
  check_same(read(model), right);
}

TEST_CASE("onnx: a shape that is computed, as old exports do, is followed") {
  OnnxModel model({2, 3, 3});
  model.integers("zero", {0}).clear_dims();
  model.integers("minus", {-1});
  model.node("Shape", {"x"}, "s");
  model.node("Gather", {"s", "zero"}, "n").integer("axis", 0);
  model.integers("axes", {0});
  model.node("Unsqueeze", {"n", "axes"}, "u");
  model.node("Concat", {"u", "minus"}, "shape").integer("axis", 0);
  model.node("Cast", {"shape"}, "cast").integer("to", ::onnx::TensorProto::INT64);
  model.node("Relu", {"x"}, "r"), model.node("Reshape", {"r", "cast"}, "y");
  Network right = right_network({2, 3, 3}, relu);
  right.add("f", Flatten{});
  check_same(read(model), right);
}

TEST_CASE("onnx: a slice of a shape gives what it names") {
  OnnxModel model({2, 3, 4});
  model.integers("one", {1}), model.integers("end", {INT64_MAX}), model.integers("back", {-1});
  model.integers("minus", {-1}), model.integers("zero", {0});
  model.node("Shape", {"x"}, "s");  // [1, 2, 3, 4]
  model.node("Slice", {"s", "back", "minus", "zero", "back"},
             "e");  // empty: from the last to before the last
  model.node("Slice", {"s", "zero", "one"}, "n");
  model.node("Concat", {"n", "minus", "e"}, "shape").integer("axis", 0);
  model.node("Relu", {"x"}, "r"), model.node("Reshape", {"r", "shape"}, "y");
  Network right = right_network({2, 3, 4}, relu);
  right.add("f", Flatten{});
  check_same(read(model), right);
}

TEST_CASE("onnx: padding becomes part of the window that reads it, where that is exact") {
  OnnxModel model({1, 5, 5});
  model.integers("pads", {0, 0, 1, 2, 0, 0, 0, 1});
  const Tensor weights = some_values({2, 1, 3, 3}, 1);
  model.reals("w", weights);
  const Window merged = window({3, 3}, {1, 1}, {1, 2}, {0, 1});
  SECTION("a convolution") {
    model.node("Pad", {"x", "pads"}, "p"), model.node("Conv", {"p", "w"}, "y");
    check_same(read(model), right_network({1, 5, 5}, Convolution{weights, {}, merged, 1, {}}));
  }
  SECTION("an average pool counts the zeros from then on") {
    model.node("Pad", {"x", "pads"}, "p"),
        model.node("AveragePool", {"p"}, "y").integers("kernel_shape", {3, 3});
    check_same(read(model), right_network({1, 5, 5}, AveragePool{merged, true}));
  }
  SECTION("a max pool over what is not negative") {
    model.node("Relu", {"x"}, "r"), model.node("Pad", {"r", "pads"}, "p");
    model.node("MaxPool", {"p"}, "y").integers("kernel_shape", {3, 3});
    Network right = right_network({1, 5, 5}, relu);
    right.add("pool", MaxPool{merged});
    check_same(read(model), right);
  }
  SECTION("a max pool over anything: zeros may win, so they stay") {
    model.node("Pad", {"x", "pads"}, "p"), model.node("MaxPool", {"p"}, "y").integers("kernel_shape", {3, 3});
    Network right("right", {1, 5, 5});
    right.add("pad", Convolution{{{1, 1, 1, 1}, {1}}, {}, window({1, 1}, {1, 1}, {1, 2}, {0, 1}), 1, {}});
    right.add("pool", MaxPool{window({3, 3})});
    check_same(read(model), right);
  }
}

TEST_CASE("onnx: a normalisation stays a layer, and softmax is over channels") {
  OnnxModel model({3, 2, 2});
  const BatchNormalization layer = some_normalization(3, 1);
  model.reals("s", layer.scale), model.reals("b", layer.shift), model.reals("m", layer.mean);
  model.reals("v", layer.variance);
  model.node("BatchNormalization", {"x", "s", "b", "m", "v"}, "n")
      .real("epsilon", 1e-5F)
      .real("momentum", 0.9F);
  model.node("Dropout", {"n"}, "d"), model.node("Softmax", {"d"}, "y").integer("axis", 1);
  Network right = right_network({3, 2, 2}, layer);
  right.add("s", Softmax{});
  check_same(read(model), right);
}

TEST_CASE("onnx: before opset 13 a softmax over axis 1 is over all of an image, which is refused") {
  OnnxModel model({3, 2, 2}, 12);
  model.node("Softmax", {"x"}, "y");
  CHECK_THAT(refusal_of(model.bytes()), ContainsSubstring("is not that of the channels alone"));
  OnnxModel vector({3}, 12);
  vector.node("Softmax", {"x"}, "y");
  check_same(read(vector), right_network({3}, Softmax{}));
}

TEST_CASE("onnx: quantised weights are numbers again, and ranges of values go to their layers") {
  OnnxModel model({1, 2, 2});
  auto& integers = model.tensor("w", {2, 1, 1, 1}, ::onnx::TensorProto::INT8);
  integers.set_raw_data(std::string("\x7f\x80", 2));
  model.reals("ws", {{2}, {0.5F, 0.25F}});
  model.node("DequantizeLinear", {"w", "ws"}, "wd").integer("axis", 0);
  auto& bias = model.tensor("b", {2}, ::onnx::TensorProto::INT32);
  bias.mutable_int32_data()->Add(1000);
  bias.mutable_int32_data()->Add(-8);
  model.reals("bs", {{2}, {0.125F, 0.5F}});
  model.node("DequantizeLinear", {"b", "bs"}, "bd").integer("axis", 0);
  model.number("s", 0.5F);
  model.tensor("z", {}, ::onnx::TensorProto::UINT8).mutable_int32_data()->Add(55);
  model.tensor("zs", {}, ::onnx::TensorProto::INT8).mutable_int32_data()->Add(0);
  model.node("QuantizeLinear", {"x", "s", "zs"}, "xq"),
      model.node("DequantizeLinear", {"xq", "s", "zs"}, "xd");
  model.node("Conv", {"xd", "wd", "bd"}, "c"), model.node("Relu", {"c"}, "r");
  model.node("QuantizeLinear", {"r", "s", "z"}, "q"), model.node("DequantizeLinear", {"q", "s", "z"}, "y");
  const Network network = read(model);
  Network right("right", {1, 2, 2});
  right.add("c", Convolution{{{2, 1, 1, 1}, {63.5F, -32}}, {{2}, {125, -4}}, {}, 1, {}});
  right.add("r", relu);
  check_same(network, right);
  CHECK(network.layers()[0].range == Range{-63.5F, 63.5F});
  CHECK(!network.layers()[1].range);
  CHECK(network.layers()[2].range == Range{-27.5F, 100});
  CHECK(fuse(network).layers()[1].range == Range{-27.5F, 100});
}

TEST_CASE("onnx: the type that QuantizeLinear names is that of its integers, of weights and of values") {
  OnnxModel model({1, 2, 2}, 21);
  model.reals("w", {{2, 1, 1, 1}, {-1, 1}});
  model.number("s", 0.5F);
  model.node("QuantizeLinear", {"w", "s"}, "wq").integer("output_dtype", ::onnx::TensorProto::INT8);
  model.node("DequantizeLinear", {"wq", "s"}, "wd");
  model.node("QuantizeLinear", {"x", "s"}, "xq").integer("output_dtype", ::onnx::TensorProto::INT8);
  model.node("DequantizeLinear", {"xq", "s"}, "xd"), model.node("Conv", {"xd", "wd"}, "y");
  const Network network = read(model);
  check_same(network, right_network({1, 2, 2}, Convolution{{{2, 1, 1, 1}, {-1, 1}}, {}, {}, 1, {}}));
  CHECK(network.layers()[0].range == Range{-63.5F, 63.5F});
}

TEST_CASE("onnx: uint8 around 128 has the scale of int8 around 0") {
  OnnxModel model({1, 2, 2});
  model.number("s", 0.02F);
  model.tensor("z", {}, ::onnx::TensorProto::UINT8).mutable_int32_data()->Add(128);
  model.node("QuantizeLinear", {"x", "s", "z"}, "q"), model.node("DequantizeLinear", {"q", "s", "z"}, "d");
  model.node("Relu", {"d"}, "y");
  const Network network = read(model);
  CHECK(network.layers()[0].range == Range{-127 * 0.02F, 127 * 0.02F});
  CHECK(store_range(*network.layers()[0].range).scale == Approx(0.02F).epsilon(1e-6));
}

TEST_CASE("onnx: a value with two scales has a range that holds both") {
  OnnxModel model({1, 2, 2});
  model.number("s", 0.5F), model.number("t", 0.25F);
  for (const std::string scale : {"s", "t"}) {
    model.node("QuantizeLinear", {"x", scale}, "q" + scale);
    model.node("DequantizeLinear", {"q" + scale, scale}, "d" + scale);
  }
  model.node("Add", {"ds", "dt"}, "y");
  const Network network = read(model);
  CHECK(description_of(network) == "input() [1, 2, 2]\nadd(0,0) [1, 2, 2]\n");
  CHECK(network.layers()[0].range == Range{0, 127.5F});
}

TEST_CASE("onnx: a max pool may lie between QuantizeLinear and DequantizeLinear") {
  const std::string type = GENERATE("MaxPool", "GlobalMaxPool");
  OnnxModel model({1, 2, 2});
  model.number("s", 0.5F);
  model.node("QuantizeLinear", {"x", "s"}, "q");
  const OnnxNode pool = model.node(type, {"q"}, "p");
  if (type == "MaxPool") OnnxNode(pool).integers("kernel_shape", {2, 2});
  model.node("DequantizeLinear", {"p", "s"}, "y");
  const Network network = read(model);
  check_same(network, right_network({1, 2, 2}, MaxPool{window({2, 2})}));
  CHECK(network.layers()[0].range == Range{0, 127.5F});
  CHECK(network.layers()[1].range == Range{0, 127.5F});
}

TEST_CASE("onnx: a row of pixels that is reshaped to an image is an image from the start") {
  const Tensor weights = some_values({2, 1, 3, 3}, 1);
  OnnxModel model({784});
  model.reals("w", weights);
  SECTION("at once") {
    model.integers("s", {-1, 1, 28, 28}), model.node("Reshape", {"x", "s"}, "r");
  }
  SECTION("as TensorFlow has grey images") {
    model.integers("s", {-1, 28, 28, 1}), model.node("Reshape", {"x", "s"}, "l");
    model.node("Transpose", {"l"}, "r").integers("perm", {0, 3, 1, 2});
  }
  model.node("Conv", {"r", "w"}, "y");
  check_same(read(model), right_network({1, 28, 28}, Convolution{weights, {}, window({3, 3}), 1, {}}));
}

TEST_CASE("onnx: a fixed batch is dropped, and initialisers may be inputs as well") {
  OnnxModel model({2});
  auto& shape = *model.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(0)->set_dim_value(8);
  const Tensor weights = some_values({1, 2}, 1);
  model.reals("w", weights);
  *model.graph().add_input() = model.graph().input(0);
  model.graph().mutable_input(1)->set_name("w");
  model.node("Gemm", {"x", "w"}, "y").integer("transB", 1);
  check_same(read(model), right_network({2}, Linear{weights, {}, {}}));
}

TEST_CASE("onnx: weights are read from each data type, raw or in fields") {
  const auto weights_of = [](const std::function<void(::onnx::TensorProto&)>& fill, int32_t type) {
    OnnxModel model({2});
    fill(model.tensor("w", {1, 2}, type));
    model.node("Gemm", {"x", "w"}, "y").integer("transB", 1);
    return read(model).weights(1)->values;
  };
  using Proto = ::onnx::TensorProto;
  const std::vector<float> right = {1, -2};
  const auto raw = [](auto a, auto b) {
    return [=](Proto& tensor) {
      const decltype(a) values[] = {a, b};
      tensor.set_raw_data(values, sizeof values);
    };
  };
  const auto small = [](int32_t a, int32_t b) {
    return [=](Proto& tensor) { tensor.add_int32_data(a), tensor.add_int32_data(b); };
  };
  CHECK(weights_of(raw(1.F, -2.F), Proto::FLOAT) == right);
  CHECK(weights_of([](Proto& t) { t.add_float_data(1), t.add_float_data(-2); }, Proto::FLOAT) == right);
  CHECK(weights_of(raw(1., -2.), Proto::DOUBLE) == right);
  CHECK(weights_of([](Proto& t) { t.add_double_data(1), t.add_double_data(-2); }, Proto::DOUBLE) == right);
  CHECK(weights_of(raw(uint16_t{0x3c00}, uint16_t{0xc000}), Proto::FLOAT16) == right);
  CHECK(weights_of(small(0x3c00, 0xc000), Proto::FLOAT16) == right);
  CHECK(weights_of(raw(uint16_t{0x3f80}, uint16_t{0xc000}), Proto::BFLOAT16) == right);
  CHECK(weights_of(small(0x3f80, 0xc000), Proto::BFLOAT16) == right);
}

TEST_CASE("onnx: weights may lie beside the model, but nowhere else") {
  const OnnxFolder folder;
  const auto path = folder.path / "inner" / "model.onnx";
  std::filesystem::create_directories(folder.path / "inner" / "deep");
  const float values[] = {9, 1, -2};
  for (const char* file : {"outside.bin", "inner/weights.bin", "inner/deep/weights.bin"})
    std::ofstream(folder.path / file, std::ios::binary)
        .write(reinterpret_cast<const char*>(values), sizeof values);
  std::filesystem::create_symlink(folder.path / "outside.bin", folder.path / "inner" / "link.bin");
  const auto read_with = [&](const std::string& location, const std::string& offset = "4",
                             const char* length = "8") {
    OnnxModel model({2});
    auto& tensor = model.tensor("w", {1, 2}, ::onnx::TensorProto::FLOAT);
    tensor.set_data_location(::onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"location", location}, {"offset", offset}, {"length", length}}) {
      tensor.add_external_data()->set_key(key);
      tensor.mutable_external_data(tensor.external_data_size() - 1)->set_value(value);
    }
    model.node("Gemm", {"x", "w"}, "y").integer("transB", 1);
    std::ofstream(path, std::ios::binary) << model.bytes();
    return read_onnx(path).weights(1)->values;
  };
  CHECK(read_with("weights.bin") == std::vector<float>{1, -2});
  CHECK(read_with("deep/weights.bin") == std::vector<float>{1, -2});
  CHECK_THROWS_WITH(read_with("../outside.bin"), ContainsSubstring("right is a file within the folder"));
  CHECK_THROWS_WITH(read_with("deep/../../outside.bin"),
                    ContainsSubstring("right is a file within the folder"));
  CHECK_THROWS_WITH(read_with((folder.path / "outside.bin").string()),
                    ContainsSubstring("right is a file within the folder"));
  CHECK_THROWS_WITH(read_with("link.bin"), ContainsSubstring("leads out of the folder"));
  CHECK_THROWS_WITH(read_with("absent.bin"), ContainsSubstring("cannot be opened"));
  CHECK_THROWS_WITH(read_with("deep"), ContainsSubstring("cannot be opened"));
  CHECK_THROWS_WITH(read_with(""), ContainsSubstring("right is a file within the folder"));
  CHECK_THROWS_WITH(read_with("weights.bin", "8"),
                    ContainsSubstring("has 12 bytes; right is 8 from byte 8 on"));
  CHECK_THROWS_WITH(read_with("weights.bin", "18446744073709551615"), ContainsSubstring("has 12 bytes"));
  CHECK_THROWS_WITH(read_with("weights.bin", "-4"), ContainsSubstring("offset is '-4'"));
  CHECK_THROWS_WITH(read_with("weights.bin", "4", "12"), ContainsSubstring("has 12 bytes; right is 8"));
}
