// The judge is judged by the formulas themselves, written out in double precision.
#include <cmath>
#include <functional>
#include <limits>

#include "backends/backends.h"
#include "harness/accuracy.h"
#include "harness/error.h"
#include "harness/fusion.h"
#include "harness/models/models.h"
#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

namespace {

using Values = std::vector<double>;

Values widen(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

/// One element of [batch, shape], 0 outside of the image.
double at(const Values& x, const Shape& shape, int64_t image, int64_t channel, int64_t row, int64_t column) {
  if (row < 0 || row >= shape[1] || column < 0 || column >= shape[2]) return 0;
  return x[((image * shape[0] + channel) * shape[1] + row) * shape[2] + column];
}

/// Calls visit(image, channel, row, column) for each element of [batch, shape] in order.
template <class Visit>
void for_each_element(int64_t batch, const Shape& shape, Visit&& visit) {
  for (int64_t image = 0; image < batch; ++image)
    for (int64_t channel = 0; channel < shape[0]; ++channel)
      for (int64_t row = 0; row < shape[1]; ++row)
        for (int64_t column = 0; column < shape[2]; ++column) visit(image, channel, row, column);
}

/// Calls visit(row, column, ky, kx) for each place that a window at (row, column) of the output sees.
template <class Visit>
void for_each_tap(const Window& window, int64_t row, int64_t column, Visit&& visit) {
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky)
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx)
      visit(row * window.stride[0] - window.padding_begin[0] + ky * window.dilation[0],
            column * window.stride[1] - window.padding_begin[1] + kx * window.dilation[1], ky, kx);
}

Values expected_convolution(const Convolution& layer, const Values& x, const Shape& input,
                            const Shape& output, int64_t batch, const Values& shortcut) {
  const Shape& w = layer.weights.shape;
  Values y;
  for_each_element(batch, output, [&](int64_t image, int64_t out, int64_t row, int64_t column) {
    const int64_t group = out / (output[0] / layer.groups);
    double sum = layer.bias.values.empty() ? 0 : layer.bias.values[out];
    for (int64_t in = 0; in < w[1]; ++in)
      for_each_tap(layer.window, row, column, [&](int64_t r, int64_t c, int64_t ky, int64_t kx) {
        sum += layer.weights.values[((out * w[1] + in) * w[2] + ky) * w[3] + kx] *
               at(x, input, image, group * w[1] + in, r, c);
      });
    if (!shortcut.empty()) sum += shortcut[y.size()];
    y.push_back(layer.activation == relu ? std::max(0.0, sum) : sum);
  });
  return y;
}

Values expected_pool(const Window& window, bool largest, bool count_padding, const Values& x,
                     const Shape& input, const Shape& output, int64_t batch) {
  Values y;
  for_each_element(batch, output, [&](int64_t image, int64_t channel, int64_t row, int64_t column) {
    double most = -1e30, sum = 0;
    int64_t seen = 0;
    for_each_tap(window, row, column, [&](int64_t r, int64_t c, int64_t, int64_t) {
      const bool inside = r >= 0 && r < input[1] && c >= 0 && c < input[2];
      if (inside) most = std::max(most, at(x, input, image, channel, r, c));
      sum += at(x, input, image, channel, r, c);
      seen += inside || count_padding;
    });
    y.push_back(largest ? most : sum / static_cast<double>(seen));
  });
  return y;
}

std::unique_ptr<Session> prepared(const Network& network, int64_t batch, int threads = 2) {
  return reference_backend().prepare(network, {Precision::fp32, batch, threads, {}});
}

/// The output of the network for seeded input of [batch, input shape].
std::vector<float> inferred(const Network& network, int64_t batch, int threads = 2) {
  Shape all = network.input_shape();
  all.insert(all.begin(), batch);
  std::vector<float> output(batch * element_count(network.output_shape()));
  prepared(network, batch, threads)->infer(some_values(all, 1000).values, output);
  return output;
}

Values input_of(const Network& network, int64_t batch) {
  Shape all = network.input_shape();
  all.insert(all.begin(), batch);
  return widen(some_values(all, 1000).values);
}

void check_equal(const std::vector<float>& values, const Values& expected) {
  REQUIRE(values.size() == expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    INFO("element " << i);
    REQUIRE(values[i] == Approx(expected[i]).margin(1e-4).epsilon(1e-5));
  }
}

struct ConvolutionCase {
  int64_t in, out, height, width, groups;
  Window window;
  Activation activation;
};

}  // namespace

TEST_CASE("reference: convolutions are those of the formula") {
  const auto c = GENERATE(values<ConvolutionCase>({
      {3, 8, 8, 8, 1, square_window(3, 1, 1), {}},
      {3, 64, 17, 23, 1, square_window(7, 2, 3), relu},
      {16, 13, 7, 7, 1, square_window(1, 1, 0), relu},
      {5, 6, 9, 50, 1, square_window(3, 1, 1), {}},                       // rows longer than a tile
      {4, 6, 5, 3, 1, square_window(3, 1, 1), {}},                        // rows shorter than a vector
      {4, 6, 1, 1, 1, square_window(3, 1, 1), {}},                        // mostly padding
      {4, 7, 9, 9, 1, square_window(2, 3, 0), {}},                        // stride larger than kernel
      {4, 7, 12, 12, 1, {{3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}}, {}},    // dilation
      {4, 7, 12, 11, 1, {{3, 2}, {2, 1}, {0, 3}, {2, 1}, {1, 3}}, relu},  // everything asymmetric
      {4, 7, 3, 3, 1, square_window(3, 1, 4), {}},                        // windows in padding only
      {6, 6, 8, 8, 6, square_window(3, 1, 1), relu},                      // depthwise
      {6, 14, 8, 8, 2, square_window(3, 2, 1), {}},
  }));
  const int64_t batch = GENERATE(1, 3);
  const Shape input = {c.in, c.height, c.width};
  Network network("net", input);
  Convolution layer = some_convolution(c.in, c.out, c.window, 1, c.groups);
  layer.activation = c.activation;
  network.add("conv", layer);
  check_equal(inferred(network, batch), expected_convolution(layer, input_of(network, batch), input,
                                                             network.output_shape(), batch, {}));
}

TEST_CASE("reference: a convolution without a bias, and one with a shortcut") {
  Network network("net", {3, 6, 6});
  Convolution first = some_convolution(3, 5, square_window(3, 1, 1), 1);
  first.bias = {};
  network.add("first", first);
  const Values shortcut = expected_convolution(first, input_of(network, 2), {3, 6, 6}, {5, 6, 6}, 2, {});
  check_equal(inferred(network, 2), shortcut);

  Convolution last = some_convolution(3, 5, square_window(3, 1, 1), 10);
  last.activation = relu;
  network.add("last", last, {0, 1});
  check_equal(inferred(network, 2),
              expected_convolution(last, input_of(network, 2), {3, 6, 6}, {5, 6, 6}, 2, shortcut));
}

TEST_CASE("reference: linear layers are those of the formula") {
  const int64_t batch = GENERATE(1, 5, 40);
  Network network("net", {37});
  Linear layer = some_linear(37, 11, 1);
  layer.activation = relu;
  network.add("fc", layer);
  const Convolution same{{{11, 37, 1, 1}, layer.weights.values}, layer.bias, {}, 1, relu};
  check_equal(inferred(network, batch),
              expected_convolution(same, input_of(network, batch), {37, 1, 1}, {11, 1, 1}, batch, {}));
}

TEST_CASE("reference: pools are those of the formula") {
  const Window window =
      GENERATE(Window{{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}}, Window{{2, 3}, {1, 2}, {0, 1}, {1, 2}, {1, 1}},
               Window{{2, 2}, {1, 1}, {0, 0}, {0, 0}, {3, 2}});
  const auto check = [&](Operation operation, bool largest, bool count_padding) {
    Network network("net", {3, 9, 8});
    network.add("pool", std::move(operation));
    check_equal(inferred(network, 2), expected_pool(window, largest, count_padding, input_of(network, 2),
                                                    {3, 9, 8}, network.output_shape(), 2));
  };
  check(MaxPool{window}, true, false);
  check(AveragePool{window, {}}, false, false);
  check(AveragePool{window, true}, false, true);
}

TEST_CASE("reference: a global average pool is the mean of a channel") {
  Network network("net", {3, 5, 4});
  network.add("pool", GlobalAveragePool{});
  check_equal(inferred(network, 2),
              expected_pool(Window{{5, 4}}, false, false, input_of(network, 2), {3, 5, 4}, {3, 1, 1}, 2));
}

TEST_CASE("reference: BatchNorm, ReLU, addition and Flatten are those of their formulas") {
  Network network("net", {3, 2, 2});
  const BatchNormalization layer = some_normalization(3, 1);
  const size_t normalized = network.add("bn", layer);
  const size_t rectified = network.add("relu", relu);
  network.add("sum", Add{}, {normalized, rectified});
  network.add("flatten", Flatten{});
  Values expected;
  for (const double x : input_of(network, 2)) {
    const size_t channel = expected.size() / 4 % 3;
    const double y = layer.scale.values[channel] * (x - layer.mean.values[channel]) /
                         std::sqrt(layer.variance.values[channel] + layer.epsilon) +
                     layer.shift.values[channel];
    expected.push_back(y + std::max(0.0, y));
  }
  check_equal(inferred(network, 2), expected);
}

TEST_CASE("reference: activations are those of the formula, alone and fused") {
  using Formula = std::function<double(double)>;
  const auto limit = [](double x, double low, double high) { return std::min(std::max(x, low), high); };
  const std::vector<std::pair<Activation, Formula>> cases = {
      {{}, [](double x) { return x; }},
      {relu, [](double x) { return std::max(0.0, x); }},
      {{Function::leaky_relu, 0.1F}, [](double x) { return x < 0 ? 0.1 * x : x; }},
      {{Function::clip, -1, 2.5F}, [&](double x) { return limit(x, -1, 2.5); }},
      {{Function::sigmoid}, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {{Function::hard_sigmoid, 0.2F, 0.5F}, [&](double x) { return limit(0.2 * x + 0.5, 0, 1); }},
      {{Function::hard_swish}, [&](double x) { return x * limit(x / 6 + 0.5, 0, 1); }},
      {{Function::silu}, [](double x) { return x / (1 + std::exp(-x)); }}};
  for (const auto& [activation, formula] : cases) {
    INFO(to_text(activation.function));
    const auto each = [&, &formula = formula](Values values) {
      for (double& value : values) value = formula(value);
      return values;
    };
    Network alone("net", {3, 5, 4});
    Convolution wide{{{3, 1, 1, 1}, {4, 4, 4}}, {{3}, {-1, 0, 1}}, {}, 3};  // -5 to 5 out of ±1
    const size_t convolution = alone.add("conv", wide, {0});
    const Values before = widen(inferred(alone, 3));
    alone.add("activation", activation);
    check_equal(inferred(alone, 3), each(before));

    Network sum("net", {3, 5, 4});
    sum.add("conv", wide, {0});
    sum.add("sum", Add{activation}, {convolution, 0});
    Values sums = input_of(sum, 3);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += before[i];
    check_equal(inferred(sum, 3), each(sums));

    wide.activation = activation;
    Network fused("net", {3, 5, 4});
    fused.add("conv", wide, {0});
    check_equal(inferred(fused, 3), each(before));

    Network linear("net", {7});
    linear.add("fc", some_linear(7, 5, 1), {0});
    const Values product = widen(inferred(linear, 3));
    Linear with_activation = some_linear(7, 5, 1);
    with_activation.activation = activation;
    Network active("net", {7});
    active.add("fc", with_activation, {0});
    check_equal(inferred(active, 3), each(product));
  }
}

TEST_CASE("reference: large values neither overflow a sigmoid, a silu or a softmax") {
  for (const Operation& operation : {Operation{Activation{Function::sigmoid}},
                                     Operation{Activation{Function::silu}}, Operation{Softmax{}}}) {
    Network network("net", {3});
    network.add("layer", operation);
    std::vector<float> output(3);
    prepared(network, 1)->infer(std::vector<float>{-200, 0, 200}, output);
    CHECK(output[0] == Approx(0).margin(1e-30));
    CHECK(output[1] == Approx(std::holds_alternative<Softmax>(operation) ? 0 : output[1]).margin(1e-30));
    CHECK((output[2] == 1 || output[2] == 200));
  }
}

TEST_CASE("reference: a product takes factors of each element, or of each channel") {
  const auto check = [](bool by_channel, bool as_vector) {
    Network network("net", {3, 5, 4});
    const size_t first = network.add("conv", some_convolution(3, 6, square_window(1, 1, 0), 1), {0});
    size_t second = network.add("factors", some_convolution(3, 6, square_window(1, 1, 0), 5), {0});
    if (by_channel) second = network.add("pool", GlobalAveragePool{}, {second});
    if (as_vector) second = network.add("vector", Flatten{}, {second});
    const Values factors = widen(inferred(network, 2));
    Network values("net", {3, 5, 4});
    values.add("conv", some_convolution(3, 6, square_window(1, 1, 0), 1), {0});
    Values expected = widen(inferred(values, 2));
    for (size_t i = 0; i < expected.size(); ++i) expected[i] *= factors[by_channel ? i / 20 : i];
    network.add("product", Multiply{}, {first, second});
    check_equal(inferred(network, 2), expected);
  };
  check(false, false);
  check(true, false);
  check(true, true);
}

TEST_CASE("reference: a concatenation puts each image's channels one after the other") {
  Network network("net", {2, 2, 2});
  const size_t pool = network.add("pool", MaxPool{square_window(1, 1, 0)}, {0});
  const size_t conv = network.add("conv", Convolution{{{1, 2, 1, 1}, {1, 10}}, {{1}, {100}}, {}, 1}, {pool});
  network.add("joined", Concatenation{}, {0, conv, pool});
  const Values x = input_of(network, 2);
  Values expected;
  for (size_t image = 0; image < 2; ++image) {
    const Values one(x.begin() + image * 8, x.begin() + (image + 1) * 8);
    expected.insert(expected.end(), one.begin(), one.end());
    for (size_t pixel = 0; pixel < 4; ++pixel) expected.push_back(one[pixel] + 10 * one[pixel + 4] + 100);
    expected.insert(expected.end(), one.begin(), one.end());
  }
  check_equal(inferred(network, 2), expected);
}

TEST_CASE("reference: a softmax is that of the formula, of each pixel's channels and of vectors") {
  for (const Shape& shape : {Shape{5, 3, 2}, Shape{7}}) {
    Network network("net", shape);
    network.add("softmax", Softmax{});
    const Values x = input_of(network, 3);
    const size_t pixels = shape.size() == 3 ? 6 : 1, image_size = shape[0] * pixels;
    Values expected(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      double sum = 0;
      const size_t first = i / image_size * image_size + i % pixels;
      for (size_t other = first; other < first + image_size; other += pixels) sum += std::exp(x[other]);
      expected[i] = std::exp(x[i]) / sum;
    }
    check_equal(inferred(network, 3), expected);
  }
}

TEST_CASE("reference: a BatchNorm that became a convolution computes the same") {
  Network network("net", {3, 5, 4});
  network.add("bn", some_normalization(3, 1));
  network.add("clip", Activation{Function::clip, 0, 1});
  network.add("conv", some_convolution(3, 4, square_window(3, 1, 1), 5));
  const Network fused = fuse(network);
  REQUIRE(fused.layers().size() == 3);
  check_equal(inferred(fused, 2), widen(inferred(network, 2)));
}

TEST_CASE("reference: values that are not numbers are handed on, not hidden by a ReLU or a pool") {
  Network network("net", {1, 2, 2});
  network.add("relu", relu);
  network.add("pool", MaxPool{square_window(2, 2, 0)});
  network.add("conv", Convolution{{{1, 1, 1, 1}, {1}}, {{1}, {0}}, {}, 1, relu});
  std::vector<float> output(1);
  prepared(network, 1)->infer(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN(), 2, 3}, output);
  CHECK(std::isnan(output[0]));
}

TEST_CASE("reference: a fused network gives what the unfused one gives") {
  const Network network = build_model(GENERATE("mlp", "resnet18", "resnet20", "vgg11_cifar:0.25"), 1);
  const int64_t batch = network.name() == "resnet18" ? 1 : 16;
  const Fidelity result = fidelity(inferred(fuse(network), batch), inferred(network, batch),
                                   element_count(network.output_shape()));
  CHECK(result.sqnr_db > 100);
}

TEST_CASE("reference: results do not depend on the number of threads, nor on the place in a batch") {
  Network network("net", {3, 14, 14});
  network.add("conv", some_convolution(3, 70, square_window(3, 2, 1), 1));
  network.add("pool", MaxPool{square_window(2, 2, 0)});
  network.add("flatten", Flatten{});
  network.add("fc", some_linear(630, 33, 9));
  const std::vector<float> alone = inferred(network, 3, 1);
  for (const int threads : {2, 3, 16}) CHECK(inferred(network, 3, threads) == alone);
  CHECK(std::equal(alone.begin(), alone.begin() + 33, inferred(network, 1).begin()));
}

TEST_CASE("reference: trace shows each layer's output in order, profile each layer's cost") {
  Network network("net", {3, 6, 6});
  network.add("conv", some_convolution(3, 5, square_window(3, 1, 1), 1));
  network.add("relu", relu);
  network.add("pool", GlobalAveragePool{});
  const auto session = prepared(network, 2);
  const std::vector<float> input = some_values({2, 3, 6, 6}, 1000).values;
  std::vector<std::vector<float>> seen;
  session->trace(input, [&](size_t layer, std::span<const float> output) {
    CHECK(layer == seen.size());
    seen.emplace_back(output.begin(), output.end());
  });
  REQUIRE(seen.size() == 4);
  CHECK(seen[0] == input);
  CHECK(seen[1].size() == 2 * 5 * 36);
  for (size_t i = 0; i < seen[1].size(); ++i) REQUIRE(seen[2][i] == std::max(0.0F, seen[1][i]));
  CHECK(seen[3] == inferred(network, 2));

  const std::vector<LayerRecord> records = session->profile(input, 3);
  REQUIRE(records.size() == 3);
  CHECK(records[0].name == "conv");
  CHECK(records[0].kind == "convolution");
  CHECK(records[0].macs == 2 * 5 * 36 * 27);
  CHECK(records[0].bytes == 4 * (2 * 3 * 36 + 2 * 5 * 36 + 5 * 27 + 5));
  CHECK(records[0].time_ns > 0);
  CHECK(records[0].layouts == "abcd:abcd:abcd");
  CHECK(records[1].layouts == "abcd::abcd");
  CHECK(session->weight_bytes() == 4 * (5 * 27 + 5));
}

TEST_CASE("reference: other precisions than fp32 and buffers of wrong size are refused") {
  Network network("net", {4});
  network.add("relu", relu);
  const Backend backend = reference_backend();
  CHECK(backend.judge);
  CHECK_FALSE(backend.why_not(network, {}));
  CHECK_THAT(*backend.why_not(network, {Precision::int8, 1, 1, {}}),
             ContainsSubstring("int8 needs an engine"));
  CHECK_THROWS_AS(backend.prepare(network, {Precision::bf16, 1, 1, {}}), Error);
  std::vector<float> output(4);
  CHECK_THROWS_AS(prepared(network, 1)->infer(std::vector<float>(5), output), Error);
  CHECK_THROWS_AS(prepared(network, 2)->infer(std::vector<float>(8), output), Error);
}
