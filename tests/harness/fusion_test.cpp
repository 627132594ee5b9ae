// That fused networks compute the same is seen in tests/backends/reference_test.cpp; here, what is fused and
// what is not.
#include "harness/fusion.h"

#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

namespace {

std::vector<std::string> names(const Network& network) {
  std::vector<std::string> list;
  for (const Layer& layer : network.layers()) list.push_back(layer.name);
  return list;
}

using Names = std::vector<std::string>;

const Window same = square_window(3, 1, 1);

const Activation activations[] = {relu,
                                  {Function::leaky_relu, 0.1F},
                                  {Function::clip, 0, 6},
                                  {Function::sigmoid},
                                  {Function::hard_sigmoid, 0.2F, 0.5F},
                                  {Function::hard_swish},
                                  {Function::silu}};

}  // namespace

TEST_CASE("fusion: BatchNorm and ReLU go into the convolution before them, which keeps its name") {
  Network network("net", {3, 8, 8});
  network.add("conv", some_convolution(3, 4, same, 1));
  network.add("bn", some_normalization(4, 5));
  network.add("relu", relu);
  const Network fused = fuse(network);
  CHECK(names(fused) == Names{"input", "conv"});
  CHECK(std::get<Convolution>(fused.layers()[1].operation).activation == relu);
}

TEST_CASE("fusion: BatchNorm scales weights and moves biases") {
  Network network("net", {2});
  network.add("fc", Linear{{{1, 2}, {3, 4}}, {{1}, {5}}});
  network.add("bn", BatchNormalization{{{1}, {2}}, {{1}, {7}}, {{1}, {1}}, {{1}, {4}}, 0});
  const auto fused = std::get<Linear>(fuse(network).layers()[1].operation);
  CHECK(fused.weights.values == std::vector<float>{3, 4});  // factor 2 / sqrt(4) = 1
  CHECK(fused.bias.values == std::vector<float>{5 - 1 + 7});
}

TEST_CASE("fusion: a layer without a bias gets one") {
  Network network("net", {2});
  network.add("fc", Linear{{{1, 2}, {3, 4}}, {}});
  CHECK(std::get<Linear>(fuse(network).layers()[1].operation).bias == Tensor{{1}, {0}});
}

TEST_CASE("fusion: nothing is folded where something else reads what lies between") {
  Network network("net", {3, 8, 8});
  const size_t convolution = network.add("conv", some_convolution(3, 3, same, 1));
  const size_t rectified = network.add("relu", relu);
  network.add("sum", Add{}, {convolution, rectified});
  CHECK(names(fuse(network)) == Names{"input", "conv", "relu", "sum"});
}

TEST_CASE("fusion: an addition goes into the convolution that is executed last, with its ReLU") {
  Network network("net", {3, 8, 8});
  const size_t first = network.add("first", some_convolution(3, 4, same, 1));
  network.add("second", some_convolution(4, 4, same, 5));
  const size_t third = network.add("third", some_convolution(4, 4, same, 10));
  network.add("sum", Add{}, {third, first});
  network.add("relu", relu);
  const Network fused = fuse(network);
  REQUIRE(names(fused) == Names{"input", "first", "second", "third"});
  CHECK(fused.layers()[3].inputs == std::vector<size_t>{2, 1});
  CHECK(std::get<Convolution>(fused.layers()[3].operation).activation == relu);
}

TEST_CASE("fusion: a shortcut that is read from the convolution on is not overwritten") {
  Network network("net", {3, 8, 8});
  const size_t first = network.add("first", some_convolution(3, 4, same, 1));

  SECTION("by the convolution itself") {
    const size_t second = network.add("second", some_convolution(4, 4, same, 5), {first});
    network.add("sum", Add{}, {first, second});
    CHECK(names(fuse(network)) == Names{"input", "first", "second", "sum"});
  }
  SECTION("by a later layer") {
    network.add("second", some_convolution(4, 4, same, 5), {first});
    const size_t third = network.add("third", some_convolution(4, 4, same, 10));
    const size_t sum = network.add("sum", Add{}, {first, third});
    network.add("again", Add{}, {sum, first});
    CHECK(names(fuse(network)) == Names{"input", "first", "second", "third", "sum", "again"});
  }
  SECTION("by a Flatten, which may be a view") {
    network.add("flatten", Flatten{}, {first});
    network.add("fc", some_linear(256, 256, 20));
    network.add("second", some_convolution(4, 4, same, 5), {first});
    const size_t third = network.add("third", some_convolution(4, 4, same, 10));
    const size_t sum = network.add("sum", Add{}, {first, third});
    network.add("flat", Flatten{}, {sum});
    network.add("total", Add{}, {3, network.layers().size() - 1});
    CHECK(names(fuse(network)) ==
          Names{"input", "first", "flatten", "fc", "second", "third", "sum", "flat", "total"});
  }
}

TEST_CASE("fusion: the network's input is no shortcut, for it belongs to the caller") {
  Network network("net", {3, 8, 8});
  network.add("relu", relu);
  const size_t convolution = network.add("conv", some_convolution(3, 3, same, 1));
  network.add("sum", Add{}, {0, convolution});
  CHECK(names(fuse(network)) == Names{"input", "relu", "conv", "sum"});
}

TEST_CASE("fusion: a convolution with a ReLU of its own does not take an addition") {
  Network network("net", {3, 8, 8});
  const size_t first = network.add("first", some_convolution(3, 3, same, 1));
  network.add("second", some_convolution(3, 3, same, 5), {0});
  const size_t rectified = network.add("relu", relu);
  network.add("sum", Add{}, {first, rectified});
  CHECK(names(fuse(network)) == Names{"input", "first", "second", "sum"});
}

TEST_CASE("fusion: layers that do not reach the output are dropped") {
  Network network("net", {3, 8, 8});
  network.add("unread", MaxPool{square_window(2, 2, 0)});
  network.add("unread too", relu);
  network.add("conv", some_convolution(3, 4, same, 1), {0});
  CHECK(names(fuse(network)) == Names{"input", "conv"});
}

TEST_CASE("fusion: each activation goes into the convolution, linear layer or addition before it") {
  for (const Activation& activation : activations) {
    INFO(to_text(activation.function));
    Network network("net", {3, 8, 8});
    network.add("conv", some_convolution(3, 3, same, 1));
    network.add("first", activation);
    network.add("sum", Add{}, {0, 2});
    network.add("second", activation);
    network.add("flatten", Flatten{});
    network.add("fc", some_linear(192, 5, 7));
    network.add("third", activation);
    const Network fused = fuse(network);
    REQUIRE(names(fused) == Names{"input", "conv", "sum", "flatten", "fc"});
    CHECK(std::get<Convolution>(fused.layers()[1].operation).activation == activation);
    CHECK(std::get<Add>(fused.layers()[2].operation).activation == activation);
    CHECK(std::get<Linear>(fused.layers()[4].operation).activation == activation);
  }
}

TEST_CASE("fusion: an addition takes its activation along into the convolution") {
  for (const Activation& activation : activations) {
    INFO(to_text(activation.function));
    Network network("net", {3, 8, 8});
    network.add("first", some_convolution(3, 4, same, 1));
    network.add("second", some_convolution(4, 4, same, 5));
    network.add("third", some_convolution(4, 4, same, 10));
    network.add("sum", Add{}, {3, 1});
    network.add("activation", activation);
    const Network fused = fuse(network);
    REQUIRE(names(fused) == Names{"input", "first", "second", "third"});
    CHECK(std::get<Convolution>(fused.layers()[3].operation).activation == activation);
  }
}

TEST_CASE("fusion: of two activations the first is folded, the second stays") {
  Network network("net", {3, 8, 8});
  network.add("conv", some_convolution(3, 3, same, 1));
  network.add("first", Activation{Function::hard_swish});
  network.add("second", relu);
  const Network fused = fuse(network);
  REQUIRE(names(fused) == Names{"input", "conv", "second"});
  CHECK(std::get<Convolution>(fused.layers()[1].operation).activation == Activation{Function::hard_swish});
}

TEST_CASE("fusion: silu that is written as x sigmoid(x) keeps the convolution that both factors read") {
  Network network("net", {3, 8, 8});
  const size_t convolution = network.add("conv", some_convolution(3, 3, same, 1));
  const size_t sigmoid = network.add("sigmoid", Activation{Function::sigmoid});
  network.add("product", Multiply{}, {convolution, sigmoid});
  CHECK(names(fuse(network)) == Names{"input", "conv", "sigmoid", "product"});
}

TEST_CASE("fusion: activations stay behind pools, products, concatenations and softmax") {
  Network network("net", {3, 8, 8});
  network.add("pool", MaxPool{same});
  network.add("relu1", relu);
  network.add("product", Multiply{}, {2, 2});
  network.add("relu2", relu);
  network.add("joined", Concatenation{}, {4, 2});
  network.add("relu3", relu);
  network.add("softmax", Softmax{});
  network.add("relu4", relu);
  CHECK(names(fuse(network)) == names(network));
}

TEST_CASE("fusion: a BatchNorm before a convolution becomes a convolution of each channel") {
  Network network("net", {3, 8, 8});
  network.add("bn", some_normalization(3, 1));
  network.add("relu", relu);
  network.add("conv", some_convolution(3, 4, same, 5));
  const Network fused = fuse(network);
  REQUIRE(names(fused) == Names{"input", "bn", "conv"});
  const auto& replaced = std::get<Convolution>(fused.layers()[1].operation);
  CHECK(replaced.weights.shape == Shape{3, 1, 1, 1});
  CHECK(replaced.groups == 3);
  CHECK(replaced.activation == relu);
}

TEST_CASE("fusion: a BatchNorm of a vector that follows no linear layer stays") {
  Network network("net", {4});
  network.add("bn", some_normalization(4, 1));
  CHECK(names(fuse(network)) == Names{"input", "bn"});
  CHECK(std::holds_alternative<BatchNormalization>(fuse(network).layers()[1].operation));
}

TEST_CASE("fusion: a folded layer takes over the range of what it now computes") {
  Network network("net", {3, 8, 8});
  network.set_range(0, {-2, 2});
  network.add("conv", some_convolution(3, 3, same, 1));
  network.set_range(1, {-9, 9});
  network.add("relu", relu);
  network.set_range(2, {0, 5});
  network.add("pool", MaxPool{same});
  network.set_range(3, {0, 4});
  network.add("last", some_convolution(3, 3, same, 5));
  network.set_range(4, {-7, 7});
  network.add("clip", Activation{Function::clip, 0, 6});  // of unknown range, and so is the folded layer
  const Network fused = fuse(network);
  REQUIRE(names(fused) == Names{"input", "conv", "pool", "last"});
  CHECK(fused.layers()[0].range == Range{-2, 2});
  CHECK(fused.layers()[1].range == Range{0, 5});
  CHECK(fused.layers()[2].range == Range{0, 4});
  CHECK_FALSE(fused.layers()[3].range);
}
