#include <cmath>

#include "harness/compression/pruning.h"
#include "harness/extreme_sums.h"
#include "harness/formats/safetensors.h"
#include "harness/fusion.h"
#include "harness/layer_evidence.h"
#include "harness/machine.h"
#include "harness/models/models.h"
#include "harness/places.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep {
namespace {

/// What rounding to a precision explains, for networks of a few layers; in dB.
struct Tolerance {
  Precision precision;
  double sqnr_db;
};
constexpr Tolerance tolerances[] = {
    {Precision::fp32, 110},  // 24 bits: 144 dB, less the sums in another order
    {Precision::bf16, 42},   // 8 bits: 48 dB in source, weights and what is stored
    {Precision::int8, 28},   // 8 bits, fixed point: the largest value decides the step; weights of 7 bits
                             // where there is no VNNI
};

const Backend& onednn() {
  return pick(backends(), "backend", "onednn");
}

void check_all_precisions(const std::string& name, const Network& network, int64_t batch) {
  for (const Tolerance& tolerance : tolerances) {
    INFO(name << ", " << to_text(tolerance.precision) << ", batch " << batch);
    if (const auto reason = onednn().why_not(network, {.precision = tolerance.precision, .ranges = {}})) {
      WARN(*reason);
      continue;
    }
    Pair pair = prepare_pair(network, tolerance.precision, batch);
    CHECK(compare(pair, network).sqnr_db >= tolerance.sqnr_db);
    for (const LayerRecord& record : pair.engine->profile(pair.images.values, 1)) {
      INFO(record.name << ": " << record.kind << " " << record.data_types << " " << record.implementation);
      // Pooling right on the caller's image finds it row-major, for which oneDNN has plain loops only.
      const bool of_the_image = record.kind == "max_pool" && record.layouts.starts_with("abcd:");
      CHECK((of_the_image || !fallback(record)));
    }
  }
}

TEST_CASE("onednn: convolutions of many shapes agree with the reference in each precision") {
  struct Case {
    const char* name;
    int64_t in, out, groups;
    Window window;
  };
  const Case cases[] = {
      {"1x1", 16, 32, 1, square_window(1, 1, 0)},
      {"1x1, channels off alignment", 17, 19, 1, square_window(1, 1, 0)},
      {"1x1, stride 2", 64, 32, 1, square_window(1, 2, 0)},
      {"3x3, from an image", 3, 16, 1, square_window(3, 1, 1)},
      {"3x3, stride 2", 16, 16, 1, square_window(3, 2, 1)},
      {"3x3, no padding", 16, 8, 1, square_window(3, 1, 0)},
      {"5x5, one output channel", 8, 1, 1, square_window(5, 1, 2)},
      {"7x7, stride 2, from an image", 3, 64, 1, square_window(7, 2, 3)},
      {"3x3, dilation 2", 16, 16, 1, {{3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}}},
      {"3x2, padding on one side", 16, 16, 1, {{3, 2}, {1, 2}, {0, 1}, {2, 0}, {1, 1}}},
      {"3x3, 2 groups", 32, 64, 2, square_window(3, 1, 1)},
      {"3x3, depthwise", 32, 32, 32, square_window(3, 1, 1)},
  };
  for (const Case& shape : cases)
    for (const int64_t batch : {1, 3}) {
      const Convolution convolution = some_convolution(shape.in, shape.out, shape.window, 1, shape.groups);
      check_all_precisions(shape.name, one_layer({shape.in, 13, 14}, convolution), batch);
    }
}

TEST_CASE("onednn: linear layers of many sizes agree with the reference in each precision") {
  for (const int64_t in : {1, 10, 17, 128})
    for (const int64_t out : {1, 10, 33})
      for (const int64_t batch : {1, 5})
        check_all_precisions(std::to_string(in) + " to " + std::to_string(out),
                             one_layer({in}, some_linear(in, out, 1)), batch);
}

TEST_CASE("onednn: pooling of every kind agrees with the reference in each precision") {
  const Window padded = square_window(3, 2, 1);
  for (const Activation& activation : {Activation{}, relu})
    for (const int64_t batch : {1, 2}) {
      check_all_precisions("max", behind_convolution(MaxPool{padded}, activation), batch);
      check_all_precisions("average of what is there",
                           behind_convolution(AveragePool{padded, false}, activation), batch);
      check_all_precisions("average with padding", behind_convolution(AveragePool{padded, true}, activation),
                           batch);
      check_all_precisions("relu alone", behind_convolution(relu, activation), batch);
    }
  check_all_precisions("average of all", behind_convolution(GlobalAveragePool{}, relu), 2);
  check_all_precisions("max of the input", one_layer({3, 12, 15}, MaxPool{padded}), 2);
}

TEST_CASE("onednn: a linear layer behind a flattened image sees it in row-major order") {
  Network network = behind_convolution(MaxPool{square_window(2, 2, 0)}, relu);
  network.add("flatten", Flatten{});
  Linear linear = some_linear(24 * 6 * 7, 10, 5);
  network.add("linear", std::move(linear));
  check_all_precisions("flatten", network, 1);
  check_all_precisions("flatten", network, 3);
}

TEST_CASE("onednn: a flattened image as the output is in row-major order") {
  Network network = behind_convolution(MaxPool{square_window(2, 2, 0)}, relu);
  network.add("flatten", Flatten{});
  check_all_precisions("flatten", network, 2);
}

/// a: convolution; b: convolution of a, with a as its shortcut; c: convolution of b.
Network residual(bool relu_before, bool relu_behind) {
  Network network("residual", {3, 12, 15});
  Convolution first = some_convolution(3, 32, square_window(3, 1, 1), 1);
  first.activation = relu_before ? relu : Activation{};
  const size_t a = network.add("a", std::move(first));
  const size_t middle = network.add("middle", some_convolution(32, 16, square_window(1, 1, 0), 3));
  Convolution second = some_convolution(16, 32, square_window(3, 1, 1), 5);
  second.activation = relu_behind ? relu : Activation{};
  const size_t b = network.add("b", std::move(second), {middle, a});
  network.add("c", some_convolution(32, 8, square_window(1, 1, 0), 7), {b});
  return network;
}

TEST_CASE("onednn: a shortcut is added in place, whatever its sign and that of the sum") {
  for (const bool relu_before : {false, true})
    for (const bool relu_behind : {false, true}) {
      INFO("relu before " << relu_before << ", behind " << relu_behind);
      const Network network = residual(relu_before, relu_behind);
      check_all_precisions("residual", network, 1);
      check_all_precisions("residual", network, 2);
      Pair pair = prepare_pair(network, Precision::fp32, 1);
      CHECK(pair.engine->profile(pair.images.values, 1).size() <= network.layers().size() + 1);  // no copies
    }
}

TEST_CASE("onednn: a shortcut that is read again later is copied first") {
  Network network = residual(true, false);
  network.add("again", Add{},
              {network.add("same width", some_convolution(8, 32, square_window(1, 1, 0), 9)), 1});
  check_all_precisions("read by an addition", network, 2);
}

TEST_CASE("onednn: a convolution may have its own source, or the input, as its shortcut") {
  Network network("own source", {16, 9, 9});
  network.add("from input", some_convolution(16, 16, square_window(3, 1, 1), 1), {0, 0});
  network.add("from layer", some_convolution(16, 16, square_window(3, 1, 1), 3), {1, 1});
  check_all_precisions("own source", network, 2);
}

TEST_CASE("onednn: a shortcut into the output is summed up in fp32") {
  Network network("last", {16, 9, 9});
  network.add("a", some_convolution(16, 16, square_window(3, 1, 1), 1));
  network.add("b", some_convolution(16, 16, square_window(3, 1, 1), 3), {0, 1});
  check_all_precisions("last", network, 1);
}

TEST_CASE("onednn: an addition on its own takes operands of unlike scale and sign") {
  for (const Activation& activation : {Activation{}, relu}) {
    Network network("addition", {3, 12, 15});
    Convolution positive = some_convolution(3, 32, square_window(3, 1, 1), 1);
    positive.activation = activation;
    const size_t a = network.add("a", std::move(positive), {0});
    const size_t b = network.add("b", some_convolution(3, 32, square_window(1, 1, 0), 3), {0});
    network.add("sum", Add{activation}, {a, b});
    network.add("end", some_convolution(32, 8, square_window(1, 1, 0), 5));
    check_all_precisions("addition", network, 2);
  }
}

constexpr Activation relu6{Function::clip, 0, 6};
const Activation activations[] = {relu,
                                  {Function::leaky_relu, 0.1F},
                                  relu6,
                                  {Function::clip, -1, 1.5F},
                                  {Function::sigmoid},
                                  {Function::hard_sigmoid, 0.2F, 0.5F},
                                  {Function::hard_swish},
                                  {Function::silu}};

/// Of weights that keep the magnitude of numbers, for activations that bend near 0.
Convolution with(const Activation& activation, Convolution convolution) {
  const auto inputs = static_cast<float>(convolution.weights.values.size() / convolution.weights.shape[0]);
  for (float& weight : convolution.weights.values) weight /= std::sqrt(inputs / 3);
  convolution.activation = activation;
  return convolution;
}

TEST_CASE("onednn: each activation agrees with the reference, alone behind signed and unsigned numbers") {
  for (const Activation& activation : activations)
    for (const Activation& before : {Activation{}, relu})
      for (const int64_t batch : {1, 3}) {
        const std::string name = to_text(activation.function) + (before ? ", unsigned" : ", signed");
        Network network = behind_convolution(activation, before);
        check_all_precisions(name + ", last", network, batch);
        network.add("end", some_convolution(24, 8, square_window(1, 1, 0), 5));
        check_all_precisions(name, network, batch);
      }
}

TEST_CASE("onednn: each activation agrees with the reference, fused into what comes before") {
  for (const Activation& activation : activations)
    for (const int64_t batch : {1, 3}) {
      const std::string name = to_text(activation.function);
      Network network("convolution", {3, 12, 15});
      network.add("conv", with(activation, some_convolution(3, 24, square_window(3, 1, 1), 1)));
      check_all_precisions(name + ", convolution, last", network, batch);
      network.add("depthwise", with(activation, some_convolution(24, 24, square_window(3, 2, 1), 3, 24)));
      network.add("end", some_convolution(24, 8, square_window(1, 1, 0), 5));
      check_all_precisions(name + ", convolution", network, batch);

      Network linear("linear", {37});
      Linear layer = some_linear(37, 24, 1);
      layer.activation = activation;
      linear.add("fc", layer);
      linear.add("end", some_linear(24, 10, 5));
      check_all_precisions(name + ", linear", linear, batch);

      Network shortcut("shortcut", {3, 12, 15});
      shortcut.add("a", with({}, some_convolution(3, 32, square_window(3, 1, 1), 1)));
      shortcut.add("middle", with({}, some_convolution(32, 16, square_window(1, 1, 0), 3)));
      shortcut.add("b", with(activation, some_convolution(16, 32, square_window(3, 1, 1), 5)), {2, 1});
      shortcut.add("end", some_convolution(32, 8, square_window(1, 1, 0), 7));
      check_all_precisions(name + ", shortcut", shortcut, batch);

      Network sum("sum", {3, 12, 15});
      sum.add("a", with({}, some_convolution(3, 32, square_window(3, 1, 1), 1)), {0});
      sum.add("b", with(relu, some_convolution(3, 32, square_window(1, 1, 0), 3)), {0});
      sum.add("sum", Add{activation}, {1, 2});
      sum.add("end", some_convolution(32, 8, square_window(1, 1, 0), 7));
      check_all_precisions(name + ", addition", sum, batch);
    }
}

TEST_CASE("onednn: a concatenation takes inputs of unlike scale and sign") {
  for (const int64_t batch : {1, 3})
    for (const bool behind : {false, true}) {
      Network network("concatenation", {3, 12, 15});
      network.add("small",
                  with({Function::clip, -0.1F, 0.1F}, some_convolution(3, 16, square_window(3, 1, 1), 1)),
                  {0});
      network.add("large", with(relu, some_convolution(3, 24, square_window(1, 1, 0), 3)), {0});
      network.add("off alignment", some_convolution(3, 5, square_window(1, 1, 0), 5), {0});
      network.add("joined", Concatenation{}, {1, 2, 3, 0, 2});
      if (behind) network.add("end", some_convolution(72, 8, square_window(3, 1, 1), 7));
      check_all_precisions("concatenation", network, batch);
    }
}

TEST_CASE("onednn: a concatenation of vectors, some of them flattened images") {
  for (const int64_t batch : {1, 3}) {
    Network network("vectors", {3, 4, 5});
    network.add("conv", some_convolution(3, 16, square_window(3, 1, 1), 1), {0});
    network.add("flat", Flatten{}, {1});
    network.add("pool", GlobalAveragePool{}, {1});
    network.add("flat pool", Flatten{}, {3});
    network.add("fc", some_linear(320, 7, 5), {2});
    network.add("joined", Concatenation{}, {2, 4, 5});
    network.add("end", some_linear(343, 10, 9));
    check_all_precisions("vectors", network, batch);
  }
}

TEST_CASE("onednn: additions, products and softmax see flattened images as vectors") {
  for (const int64_t batch : {1, 3}) {
    Network network("vectors", {3, 4, 5});
    const size_t conv = network.add("conv", some_convolution(3, 16, square_window(3, 1, 1), 1));
    const size_t flat = network.add("flat", Flatten{});
    check_all_precisions("flat", network, batch);
    const size_t fc = network.add("fc", some_linear(320, 320, 3), {flat});
    network.add("sum", Add{}, {fc, flat});
    check_all_precisions("sum", network, batch);
    network.add("product", Multiply{}, {flat, fc});
    check_all_precisions("product", network, batch);
    const size_t pool = network.add("pool", GlobalAveragePool{}, {conv});
    network.add("flat pool", Flatten{}, {pool});
    network.add("product with pixels", Multiply{}, {network.layers().size() - 1, pool});
    check_all_precisions("product with pixels", network, batch);
    network.add("scores", Softmax{}, {flat});
    check_all_precisions("softmax", network, batch);
  }
}

TEST_CASE("onednn: a product takes factors of each element, whatever their scale and sign") {
  for (const Activation& first : {Activation{}, relu})
    for (const Activation& second : {Activation{}, relu, Activation{Function::sigmoid}})
      for (const int64_t batch : {1, 3}) {
        INFO("first " << to_text(first.function) << ", second " << to_text(second.function));
        Network network("product", {3, 12, 15});
        network.add("a", with(first, some_convolution(3, 32, square_window(3, 1, 1), 1)), {0});
        network.add("b", with(second, some_convolution(3, 32, square_window(1, 1, 0), 3)), {0});
        network.add("product", Multiply{}, {1, 2});
        check_all_precisions("product, last", network, batch);
        network.add("end", some_convolution(32, 8, square_window(1, 1, 0), 7));
        check_all_precisions("product", network, batch);
      }
}

/// Hu et al., CVPR 2018 (arXiv 1709.01507): gates of a squeezed image multiply its channels.
size_t add_squeeze_and_excitation(Network& network, int64_t channels, bool as_vectors,
                                  const Activation& gate) {
  const size_t image = network.layers().size() - 1;
  network.add("squeeze", GlobalAveragePool{});
  if (as_vectors) {
    network.add("vector", Flatten{});
    Linear reduce = some_linear(channels, 8, 21), expand = some_linear(8, channels, 23);
    reduce.activation = relu;
    expand.activation = gate;
    network.add("reduce", reduce);
    network.add("expand", expand);
  } else {
    network.add("reduce", with(relu, some_convolution(channels, 8, square_window(1, 1, 0), 21)));
    network.add("expand", with(gate, some_convolution(8, channels, square_window(1, 1, 0), 23)));
  }
  return network.add("excite", Multiply{}, {image, network.layers().size() - 1});
}

TEST_CASE("onednn: squeeze and excitation agrees with the reference, with gates as images or vectors") {
  for (const int64_t channels : {32, 24, 19})
    for (const bool as_vectors : {false, true})
      for (const Activation& gate : {Activation{Function::sigmoid}, {Function::hard_sigmoid, 1.F / 6, 0.5F}})
        for (const Activation& before : {Activation{Function::hard_swish}, relu})
          for (const int64_t batch : {1, 3}) {
            INFO(channels << " channels, vectors " << as_vectors << ", " << to_text(gate.function) << ", "
                          << to_text(before.function));
            Network network("squeeze and excitation", {3, 12, 15});
            network.add("conv", with(before, some_convolution(3, channels, square_window(3, 1, 1), 1)));
            add_squeeze_and_excitation(network, channels, as_vectors, gate);
            check_all_precisions("squeeze and excitation, last", network, batch);
            network.add("end", some_convolution(channels, 16, square_window(1, 1, 0), 5));
            check_all_precisions("squeeze and excitation", network, batch);
          }
}

TEST_CASE("onednn: a block of MobileNet v2 agrees with the reference") {
  Network network("mobilenet", {3, 14, 14});
  network.add("stem", some_convolution(3, 16, square_window(3, 1, 1), 1));
  network.add("expand", with(relu6, some_convolution(16, 96, square_window(1, 1, 0), 3)));
  network.add("depthwise", with(relu6, some_convolution(96, 96, square_window(3, 1, 1), 5, 96)));
  network.add("project", some_convolution(96, 16, square_window(1, 1, 0), 7));
  network.add("sum", Add{}, {4, 1});
  network.add("end", some_convolution(16, 8, square_window(1, 1, 0), 9));
  for (const int64_t batch : {1, 3}) {
    check_all_precisions("mobilenet", network, batch);
    check_all_precisions("mobilenet, fused", fuse(network), batch);
  }
}

TEST_CASE("onednn: a fire module of SqueezeNet agrees with the reference, with a softmax at the end") {
  Network network("squeezenet", {3, 14, 14});
  const size_t squeeze =
      network.add("squeeze", with(relu, some_convolution(3, 16, square_window(1, 1, 0), 1)));
  network.add("expand 1x1", with(relu, some_convolution(16, 64, square_window(1, 1, 0), 3)), {squeeze});
  network.add("expand 3x3", with(relu, some_convolution(16, 64, square_window(3, 1, 1), 5)), {squeeze});
  network.add("joined", Concatenation{}, {squeeze + 1, squeeze + 2});
  network.add("pool", MaxPool{square_window(3, 2, 0)});
  network.add("classes", with(relu, some_convolution(128, 16, square_window(1, 1, 0), 7)));
  network.add("average", GlobalAveragePool{});
  for (const int64_t batch : {1, 3}) check_all_precisions("squeezenet", network, batch);
  network.add("small", Convolution{{{16, 1, 1, 1}, std::vector<float>(16, 0.2F)}, {}, {}, 16});
  network.add("softmax", Softmax{});
  for (const int64_t batch : {1, 3}) check_all_precisions("squeezenet, softmax", network, batch);
}

TEST_CASE("onednn: a softmax over the channels of each pixel agrees with the reference") {
  for (const Activation& before : {Activation{}, relu6})
    for (const int64_t batch : {1, 3}) {
      Network network = behind_convolution(Softmax{}, before);
      check_all_precisions("softmax", network, batch);
      network.add("end", some_convolution(24, 8, square_window(1, 1, 0), 5));
      check_all_precisions("softmax, not last", network, batch);
    }
}

TEST_CASE("onednn: a BatchNorm before the first convolution runs, one of a vector is refused") {
  Network network("net", {3, 12, 15});
  network.add("bn", some_normalization(3, 1));
  network.add("relu", relu);
  network.add("conv", some_convolution(3, 16, square_window(3, 1, 1), 5));
  check_all_precisions("batchnorm first", fuse(network), 2);

  const Network vectors = fuse(one_layer({4}, some_normalization(4, 1)));
  const auto reason = onednn().why_not(vectors, {.precision = Precision::fp32, .ranges = {}});
  REQUIRE(reason);
  CHECK_THAT(*reason, ContainsSubstring("batch normalization of vectors"));
}

TEST_CASE("onednn: trace shows each layer as the reference has it, and ends with what infer gives") {
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    const Network network = residual(false, true);
    if (onednn().why_not(network, {.precision = precision, .ranges = {}})) continue;
    Pair pair = prepare_pair(network, precision, 2);
    std::vector<std::vector<float>> expected, given;
    const auto into = [](auto& list) {
      return [&list](size_t layer, std::span<const float> output) {
        CHECK(layer == list.size());
        list.emplace_back(output.begin(), output.end());
      };
    };
    pair.reference->trace(pair.images.values, into(expected));
    pair.engine->trace(pair.images.values, into(given));
    REQUIRE(given.size() == network.layers().size());
    for (size_t layer = 0; layer < given.size(); ++layer) {
      INFO(network.layers()[layer].name << " " << to_text(precision));
      CHECK(fidelity(given[layer], expected[layer], 1).sqnr_db > (precision == Precision::fp32 ? 110 : 30));
    }
    CHECK(given.back() == outputs_of(*pair.engine, network, pair.images));
  }
}

TEST_CASE("onednn: the profile names every layer, what ran, and all multiplications") {
  const Network network = fuse(build_model("resnet18", 1));
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    if (onednn().why_not(network, {.precision = precision, .ranges = {}})) continue;
    Pair pair = prepare_pair(network, precision, 1);
    INFO(to_text(precision));
    CHECK(compare(pair, network).sqnr_db > (precision == Precision::fp32 ? 90 : 20));
    const std::vector<LayerRecord> records = pair.engine->profile(pair.images.values, 1);
    int64_t sum = 0;
    for (const LayerRecord& record : records) {
      INFO(record.name << " " << record.implementation);
      sum += record.macs;
      CHECK(record.time_ns > 0);
      CHECK(record.bytes > 0);
      CHECK_FALSE(fallback(record));
    }
    CHECK(sum == macs(network));
    for (const Layer& layer : network.layers()) {
      if (kind(layer) == "input" || kind(layer) == "flatten") continue;
      INFO(layer.name);
      CHECK(std::any_of(records.begin(), records.end(), [&](const LayerRecord& record) {
        return record.name == layer.name && record.kind == kind(layer);
      }));
    }
  }
}

TEST_CASE("onednn: the shipped MLP recognises the digits of MNIST in each precision") {
  Network network = build_model("mlp", 1);
  const std::string path = (home() / "experiments/checkpoints/mlp-mnist.safetensors").string();
  load_weights(network, read_safetensors(path), path);
  network = fuse(network);
  const Samples images = pick(datasets(), "dataset", "mnist").test(network.input_shape(), 0, 1);
  Pair pair = prepare_pair(network, Precision::fp32, 100);
  pair.request.ranges = calibrate(*pair.engine, network, images, 100, "minmax");
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    pair.request.precision = precision;
    if (onednn().why_not(network, pair.request)) continue;
    INFO(to_text(precision));
    const auto session = onednn().prepare(network, pair.request);
    const double top1 = top_k(infer_all(*session, network, images, 100), images.labels, 1);
    CAPTURE(top1);
    CHECK(top1 >= 0.98 - (precision == Precision::fp32 ? 0 : 0.005));
  }
}

TEST_CASE("onednn: int8 weights take a quarter of the bytes") {
  const Network network = one_layer({128, 8, 8}, some_convolution(128, 128, square_window(3, 1, 1), 1));
  const int64_t fp32 = prepare_pair(network, Precision::fp32, 1).engine->weight_bytes();
  CHECK(fp32 >= 128 * 128 * 9 * 4);
  CHECK(prepare_pair(network, Precision::int8, 1).engine->weight_bytes() < fp32 / 3);
}

TEST_CASE("onednn: the zeros of a pruned network lie in its packed weights, in each precision") {
  Network network = build_model("mlp", 1);
  prune(network, {"magnitude", 0.75}, 1);
  network = fuse(network);
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    if (onednn().why_not(network, {.precision = precision, .ranges = {}})) continue;
    INFO(to_text(precision));
    const auto share = prepare_pair(network, precision, 8).engine->packed_zero_share();
    REQUIRE(share);
    CHECK(*share > 0.74);  // int8 rounds small weights to zero, and packing fills up with zeros
    CHECK(*share < 0.80);
  }
  CHECK(*prepare_pair(fuse(build_model("mlp", 1)), Precision::fp32, 8).engine->packed_zero_share() < 0.1);
}

TEST_CASE("onednn: what it cannot run is told with the reason") {
  const Network network = one_layer({4, 8, 8}, MaxPool{{{2, 2}, {1, 1}, {0, 0}, {0, 0}, {2, 2}}});
  const SessionRequest fp32;
  REQUIRE(onednn().why_not(network, fp32));
  CHECK_THAT(*onednn().why_not(network, fp32), ContainsSubstring("'layer': pooling with dilation"));
  const std::vector<std::string> isa = inspect_machine().isa;
  if (std::find(isa.begin(), isa.end(), "avx512_fp16") == isa.end()) {
    const auto reason =
        onednn().why_not(one_layer({4}, some_linear(4, 2, 1)), {.precision = Precision::fp16, .ranges = {}});
    REQUIRE(reason);
    CHECK_THAT(*reason, ContainsSubstring("CPU lacks avx512_fp16"));
  }
}

TEST_CASE("onednn: int8 sums of the largest values are exact, whatever the instructions") {
  const ExtremeSums sums = check_extreme_sums(onednn(), 2);
  INFO(sums.layer);
  CHECK_FALSE(sums.layer.empty());
  CHECK(sums.relative_error < 1e-6);
}

TEST_CASE("onednn: int8 without ranges is refused") {
  const Network network = one_layer({4}, some_linear(4, 2, 1));
  CHECK_THROWS_WITH(onednn().prepare(network, {.precision = Precision::int8, .ranges = {}}),
                    ContainsSubstring("0 activation ranges for 2 layers"));
}

}  // namespace
}  // namespace bitsweep
