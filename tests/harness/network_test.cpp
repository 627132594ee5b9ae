#include "harness/network.h"

#include <set>

#include <fmt/format.h>

#include "harness/denormals.h"
#include "harness/error.h"
#include "harness/models/models.h"
#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

namespace {

/// The message with which adding the layer to a network of input [3, 8, 8] is refused.
std::string refusal(Operation operation, std::vector<size_t> inputs = {0}) {
  Network network("net", {3, 8, 8});
  network.add("first", relu);
  try {
    network.add("bad", std::move(operation), std::move(inputs));
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

Shape shape_of(Operation operation, Shape input) {
  Network network("net", std::move(input));
  network.add("layer", std::move(operation));
  return network.output_shape();
}

}  // namespace

TEST_CASE("network: shapes follow stride, padding and dilation") {
  CHECK(shape_of(some_convolution(3, 5, square_window(3, 1, 1), 1), {3, 8, 9}) == Shape{5, 8, 9});
  CHECK(shape_of(some_convolution(3, 5, square_window(7, 2, 3), 1), {3, 224, 224}) == Shape{5, 112, 112});
  CHECK(shape_of(some_convolution(4, 6, {{3, 2}, {2, 1}, {0, 1}, {1, 0}, {2, 3}}, 1, 2), {4, 8, 8}) ==
        Shape{6, 3, 6});
  CHECK(shape_of(MaxPool{square_window(3, 2, 1)}, {3, 7, 8}) == Shape{3, 4, 4});
  CHECK(shape_of(AveragePool{square_window(2, 2, 0)}, {3, 7, 8}) == Shape{3, 3, 4});
  CHECK(shape_of(GlobalAveragePool{}, {3, 7, 8}) == Shape{3, 1, 1});
  CHECK(shape_of(Flatten{}, {3, 7, 8}) == Shape{168});
  CHECK(shape_of(some_linear(168, 10, 1), {168}) == Shape{10});
  CHECK(shape_of(some_normalization(3, 1), {3, 7, 8}) == Shape{3, 7, 8});
  CHECK(shape_of(Activation{Function::clip, 0, 6}, {3, 7, 8}) == Shape{3, 7, 8});
  CHECK(shape_of(Softmax{}, {3, 7, 8}) == Shape{3, 7, 8});
}

TEST_CASE("network: a product has the shape of its first input, a concatenation the sum of the channels") {
  Network network("net", {3, 8, 9});
  const size_t five = network.add("five", some_convolution(3, 5, square_window(1, 1, 0), 1), {0});
  const size_t pool = network.add("pool", GlobalAveragePool{}, {five});
  const size_t vector = network.add("vector", Flatten{}, {pool});
  const auto shape = [&](Operation operation, std::vector<size_t> inputs) {
    const std::string name = std::to_string(network.layers().size());
    return network.layers()[network.add(name, std::move(operation), std::move(inputs))].shape;
  };
  CHECK(shape(Multiply{}, {five, five}) == Shape{5, 8, 9});
  CHECK(shape(Multiply{}, {five, pool}) == Shape{5, 8, 9});
  CHECK(shape(Multiply{}, {five, vector}) == Shape{5, 8, 9});
  CHECK(shape(Multiply{}, {vector, pool}) == Shape{5});
  CHECK(shape(Concatenation{}, {0, five, 0}) == Shape{11, 8, 9});
  CHECK(shape(Concatenation{}, {vector, vector}) == Shape{10});
  CHECK(shape(Concatenation{}, {five}) == Shape{5, 8, 9});
}

TEST_CASE("network: a convolution with the wrong number of channels is refused with the layer's name") {
  CHECK(refusal(some_convolution(4, 5, square_window(3, 1, 1), 1)) ==
        "layer 'bad' of net: its weights have shape [5, 4, 3, 3]; right is [5, 3, 3, 3]");
}

TEST_CASE("network: tensors that do not fit are refused with what would be right") {
  Convolution short_of_values = some_convolution(3, 5, square_window(3, 1, 1), 1);
  short_of_values.weights.values.pop_back();
  CHECK_THAT(refusal(short_of_values), ContainsSubstring("have 134 values; right is 135"));
  Convolution wrong_bias = some_convolution(3, 5, square_window(3, 1, 1), 1);
  wrong_bias.bias = some_values({4}, 1);
  CHECK_THAT(refusal(wrong_bias), ContainsSubstring("its biases have shape [4]; right is [5]"));
  CHECK_THAT(refusal(some_normalization(4, 1)), ContainsSubstring("its scales have shape [4]; right is [3]"));
  CHECK_THAT(refusal(some_convolution(4, 5, square_window(1, 1, 0), 1, 2)),
             ContainsSubstring("2 groups do not divide 3 input and 5 output channels"));
}

TEST_CASE("network: a linear layer on an image is refused with a hint at Flatten") {
  CHECK_THAT(refusal(some_linear(192, 10, 1)),
             ContainsSubstring("[3, 8, 8]; right is [elements], see Flatten"));
}

TEST_CASE("network: impossible windows are refused") {
  CHECK_THAT(refusal(some_convolution(3, 5, square_window(9, 1, 0), 1)),
             ContainsSubstring("covers 9 elements but the padded input has 8"));
  CHECK_THAT(refusal(MaxPool{square_window(2, 0, 0)}), ContainsSubstring("stride 0"));
  CHECK_THAT(refusal(MaxPool{square_window(2, 1, -1)}), ContainsSubstring("padding -1"));
  CHECK_THAT(refusal(AveragePool{square_window(2, 2, 2)}), ContainsSubstring("nothing but padding"));
}

TEST_CASE("network: wrong inputs are refused") {
  CHECK_THAT(refusal(Add{}, {0}), ContainsSubstring("it has 1 inputs; right is 2"));
  CHECK_THAT(refusal(relu, {2}), ContainsSubstring("it reads layer 2; right is an earlier one, 0 to 1"));
  CHECK_THAT(refusal(relu, {}), ContainsSubstring("it has 0 inputs; right is 1"));
  CHECK_THAT(refusal(some_convolution(3, 5, square_window(1, 1, 0), 1), {}),
             ContainsSubstring("it has 0 inputs"));
  CHECK_THAT(refusal(some_convolution(3, 5, square_window(1, 1, 0), 1), {0, 1}),
             ContainsSubstring("its shortcut has shape [3, 8, 8]; right is that of its output, [5, 8, 8]"));
  CHECK_THAT(refusal(Input{}, {}), ContainsSubstring("second input"));
  CHECK_THROWS_AS(Network("net", {3, 0, 8}), Error);
}

TEST_CASE("network: additions of different shapes and repeated names are refused") {
  Network network("net", {3, 8, 8});
  network.add("pool", MaxPool{square_window(2, 2, 0)});
  CHECK_THROWS_WITH(network.add("sum", Add{}, {0, 1}),
                    ContainsSubstring("[3, 8, 8] and [3, 4, 4]; right is equal shapes"));
  CHECK_THROWS_WITH(network.add("pool", relu), ContainsSubstring("the name is taken"));
  CHECK(network.layers().size() == 2);
}

TEST_CASE("network: products and concatenations of shapes that do not fit are refused") {
  Network network("net", {3, 8, 8});
  const size_t pool = network.add("pool", MaxPool{square_window(2, 2, 0)}, {0});
  const size_t five = network.add("five", some_convolution(3, 5, square_window(1, 1, 0), 1), {0});
  const size_t gates = network.add("gates", GlobalAveragePool{}, {five});
  CHECK_THROWS_WITH(
      network.add("product", Multiply{}, {0, pool}),
      ContainsSubstring("[3, 8, 8] and [3, 4, 4]; right is equal shapes, or one factor a channel"));
  CHECK_THROWS_WITH(network.add("product", Multiply{}, {0, gates}),
                    ContainsSubstring("[3, 8, 8] and [5, 1, 1]"));
  CHECK_THROWS_WITH(network.add("product", Multiply{}, {gates, five}),
                    ContainsSubstring("[5, 1, 1] and [5, 8, 8]"));
  CHECK_THROWS_WITH(network.add("product", Multiply{}, {0}),
                    ContainsSubstring("it has 1 inputs; right is 2"));
  CHECK_THROWS_WITH(
      network.add("joined", Concatenation{}, {0, five, pool}),
      ContainsSubstring("[3, 8, 8] and [3, 4, 4]; right is shapes that differ in channels only"));
  CHECK_THROWS_WITH(network.add("joined", Concatenation{}, {}), ContainsSubstring("it has no inputs"));
  CHECK(network.layers().size() == 4);
}

TEST_CASE("network: a clip needs its lower bound first, alone or fused") {
  const Activation wrong{Function::clip, 6, 0};
  CHECK_THAT(refusal(wrong), ContainsSubstring("it clips between 6 and 0; right is the lower bound first"));
  CHECK_THAT(refusal(Add{wrong}, {0, 1}), ContainsSubstring("it clips between 6 and 0"));
  Convolution convolution = some_convolution(3, 5, square_window(1, 1, 0), 1);
  convolution.activation = wrong;
  CHECK_THAT(refusal(convolution), ContainsSubstring("it clips between 6 and 0"));
  CHECK(shape_of(Activation{Function::clip, 2, 2}, {4}) == Shape{4});
}

TEST_CASE("network: weights that meet padding are no multiplications on the image") {
  Network network("net", {4, 2, 2});
  const size_t same = network.add("same", some_convolution(4, 6, square_window(3, 1, 1), 1));
  CHECK(macs(network, same) == 6 * 4 * 36);
  CHECK(macs_on_image(network, same) == 6 * 4 * 16);
  const size_t strided = network.add("strided", some_convolution(6, 6, square_window(3, 2, 1), 1, 3));
  CHECK(macs_on_image(network, strided) == 6 * 2 * 4);
  const size_t point = network.add("point", some_convolution(6, 5, square_window(1, 1, 0), 1));
  CHECK(macs_on_image(network, point) == macs(network, point));
  network.add("flatten", Flatten{});
  const size_t linear = network.add("fc", some_linear(5, 10, 20));
  CHECK(macs_on_image(network, linear) == 50);
}

TEST_CASE("network: pixels between the windows are not read") {
  Network network("net", {4, 8, 6});
  const auto share = [&](int64_t kernel, int64_t stride, int64_t padding) {
    const size_t layer = network.add(fmt::format("{}", network.layers().size()),
                                     some_convolution(4, 6, square_window(kernel, stride, padding), 1), {0});
    return share_of_input_read(network, layer);
  };
  CHECK(share(3, 1, 1) == 1);
  CHECK(share(3, 2, 1) == 1);
  CHECK(share(1, 2, 0) == 0.25);
  CHECK(share(2, 3, 0) == (6.0 / 8) * (4.0 / 6));
  const size_t pool = network.add("pool", MaxPool{square_window(1, 2, 0)}, {0});
  CHECK(share_of_input_read(network, pool) == 0.25);
  CHECK(share_of_input_read(network, network.add("relu", Activation{}, {0})) == 1);
}

TEST_CASE("network: multiplications and parameters are counted as in the literature") {
  Network network("net", {4, 8, 8});
  const size_t convolution = network.add("conv", some_convolution(4, 6, square_window(3, 2, 1), 1, 2));
  network.add("bn", some_normalization(6, 9));
  network.add("flatten", Flatten{});
  const size_t linear = network.add("fc", some_linear(96, 10, 20));
  CHECK(macs(network, convolution) == 6 * 4 * 4 * 2 * 9);
  CHECK(macs(network, linear) == 960);
  CHECK(macs(network) == 6 * 4 * 4 * 2 * 9 + 960);
  CHECK(parameter_count(network) == (6 * 2 * 9 + 6) + (6 + 6) + (960 + 10));
}

TEST_CASE("network: zeros and denormals are counted in weights, not in biases, also where they are flushed") {
  Network network("net", {4});
  network.add("fc", Linear{{{2, 4}, {1, 0, -0.0F, 2, 3, 0, 1e-40F, -1e-38F}}, {{2}, {0, 1e-40F}}});
  flush_denormals(1);
  CHECK(count_zeros(network).zeros == 3);
  CHECK(count_zeros(network).denormals == 2);
  CHECK(count_zeros(network).weights == 8);
}

TEST_CASE("network: equal networks hash equally, and one changed value changes the hash") {
  const auto build = [](int64_t stream) {
    Network network("net", {4});
    network.add("fc", some_linear(4, 3, stream));
    return network;
  };
  Network network = build(1);
  CHECK(weights_hash(network) == weights_hash(build(1)));
  CHECK(weights_hash(network) != weights_hash(build(2)));
  CHECK(weights_hash(network).size() == 32);
  network.weights(1)->values[5] += 1;
  CHECK(weights_hash(network) != weights_hash(build(1)));
}

TEST_CASE("network: what an activation is, and its parameters, change the hash, alone and fused") {
  const auto alone = [](const Activation& activation) {
    Network network("net", {4});
    network.add("layer", activation);
    return weights_hash(network);
  };
  const auto fused = [](const Activation& activation) {
    Network network("net", {4});
    Linear linear = some_linear(4, 3, 1);
    linear.activation = activation;
    network.add("layer", linear);
    return weights_hash(network);
  };
  const Activation relu6{Function::clip, 0, 6};
  for (const Activation& other : {Activation{Function::clip, 0, 5}, Activation{Function::clip, -1, 6},
                                  Activation{Function::hard_sigmoid, 0, 6}, relu}) {
    CHECK(alone(relu6) != alone(other));
    CHECK(fused(relu6) != fused(other));
  }
  CHECK(alone(relu6) == alone({Function::clip, 0, 6}));
  CHECK(fused(relu6) == fused({Function::clip, 0, 6}));
}

TEST_CASE("network: windows, counted padding and epsilon change the hash") {
  const auto hash_of = [](Operation operation) {
    Network network("net", {4, 9, 9});
    network.add("layer", std::move(operation));
    return weights_hash(network);
  };
  Window plain = square_window(3, 1, 1);
  const auto differs = [&](auto make, const std::vector<Window>& windows) {
    std::set<std::string> hashes;
    for (const Window& window : windows) hashes.insert(hash_of(make(window)));
    CHECK(hashes.size() == windows.size());
  };
  // All give [4, 9, 9], or all [4, 5, 5], so that shapes do not tell them apart.
  Window shifted = plain, dilated = square_window(3, 1, 2);
  shifted.padding_begin = {2, 1}, shifted.padding_end = {0, 1};
  dilated.dilation = {2, 2};
  const auto convolution = [](const Window& window) { return some_convolution(4, 4, window, 1); };
  const auto max_pool = [](const Window& window) { return MaxPool{window}; };
  const auto average_pool = [](const Window& window) { return AveragePool{window, false}; };
  for (const std::vector<Window>& windows :
       {std::vector{plain, shifted, dilated}, std::vector{square_window(3, 2, 1), square_window(5, 1, 0)}}) {
    differs(convolution, windows);
    differs(max_pool, windows);
    differs(average_pool, windows);
  }
  Window one = square_window(1, 8, 0);  // two places of 9, whatever the stride from 5 to 8
  Window other = square_window(1, 5, 0);
  differs(convolution, {one, other});
  CHECK(hash_of(AveragePool{plain, false}) != hash_of(AveragePool{plain, true}));
  BatchNormalization normalization = some_normalization(4, 1);
  const std::string usual = hash_of(normalization);
  normalization.epsilon = 1e-3F;
  CHECK(hash_of(normalization) != usual);
}

TEST_CASE("network: the hashes of the networks that ship trained stay as they were") {
  CHECK(weights_hash(build_model("mlp", 1)) == "e89837d26e8af47ac60f82706948dc0d");
  CHECK(weights_hash(build_model("resnet20", 1)) == "354ab1ff30d9fae203fefd27b6e84683");
}
