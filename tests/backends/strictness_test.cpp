// The lie is planted: sessions that call themselves fp32 and round to fewer bits on the way.
#include "harness/strictness.h"

#include <bit>
#include <cmath>

#include "harness/fusion.h"
#include "harness/models/models.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep {
namespace {

/// To `bits` bits, the leading one included: 24 is fp32, 11 TF32 and FP16, 8 BF16.
float rounded(float value, int bits) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(fraction, bits)), exponent - bits));
}

std::vector<float> rounded(std::span<const float> values, int bits) {
  std::vector<float> all;
  for (const float value : values) all.push_back(rounded(value, bits));
  return all;
}

/// What a session rounds to, in bits.
struct Lie {
  int weights = 24, inputs = 24, outputs = 24;
};

/// Computes a chain of layers one by one, with rounded numbers.
class LyingSession : public Session {
 public:
  LyingSession(const Network& network, int64_t batch, const Lie& lie, bool linear_only = false)
      : network_(network), lie_(lie), linear_only_(linear_only) {
    for (size_t index = 1; index < network.layers().size(); ++index) {
      const Layer& layer = network.layers()[index];
      REQUIRE(layer.inputs == std::vector<size_t>{index - 1});
      Network alone("one layer", network.layers()[index - 1].shape);
      alone.add(layer.name, layer.operation);
      if (Tensor* weights = alone.weights(1); weights && lies_in(index))
        weights->values = rounded(weights->values, lie.weights);
      layers_.push_back(reference_backend().prepare(alone, {.batch = batch, .threads = 2, .ranges = {}}));
    }
    batch_ = batch;
  }

  void trace(std::span<const float> input, const Observer& observe) override {
    std::vector<float> values(input.begin(), input.end());
    observe(0, values);
    for (size_t index = 1; index < network_.layers().size(); ++index) {
      const bool lies = network_.weights(index) != nullptr && lies_in(index);
      if (lies) values = rounded(values, lie_.inputs);
      std::vector<float> output(batch_ * element_count(network_.layers()[index].shape));
      layers_[index - 1]->infer(values, output);
      values = lies ? rounded(output, lie_.outputs) : output;
      observe(index, values);
    }
  }

  void infer(std::span<const float>, std::span<float>) override {}
  std::vector<LayerRecord> profile(std::span<const float>, int) override { return {}; }
  int64_t weight_bytes() const override { return 0; }
  int64_t activation_bytes() const override { return 0; }

 private:
  bool lies_in(size_t index) const {
    return !linear_only_ || std::holds_alternative<Linear>(network_.layers()[index].operation);
  }

  const Network& network_;
  Lie lie_;
  bool linear_only_;
  int64_t batch_ = 1;
  std::vector<std::unique_ptr<Session>> layers_;
};

/// As exporters write them: groups, depthwise, dilation, all functions fused.
Network grouped_chain() {
  Network network("grouped", {3, 17, 15});
  const auto add = [&](Convolution convolution, const Activation& activation) {
    const auto length = static_cast<float>(convolution.weights.values.size()) / convolution.weights.shape[0];
    for (float& weight : convolution.weights.values) weight /= std::sqrt(length / 3);
    convolution.activation = activation;
    network.add("conv" + std::to_string(network.layers().size()), std::move(convolution));
  };
  add(some_convolution(3, 32, square_window(3, 2, 1), 1), {Function::hard_swish});
  add(some_convolution(32, 32, square_window(3, 1, 1), 3, 32), {Function::clip, 0, 6});
  add(some_convolution(32, 64, {{3, 2}, {1, 1}, {2, 1}, {2, 0}, {2, 1}}, 5, 4), {Function::silu});
  add(some_convolution(64, 24, square_window(1, 1, 0), 7), {Function::leaky_relu, 0.1F});
  network.add("squeezed", GlobalAveragePool{});
  network.add("flat", Flatten{});
  Linear linear = some_linear(24, 10, 9);
  linear.activation = {Function::sigmoid};
  network.add("fc", std::move(linear));
  return network;
}

Network residual() {
  Network network("residual", {3, 12, 12});
  const size_t stem = network.add("stem", some_convolution(3, 16, square_window(3, 1, 1), 1));
  const size_t narrow = network.add("narrow", some_convolution(16, 8, square_window(1, 1, 0), 3));
  // The longest sums of all, 16 x 25 = 400, with a shortcut.
  network.add("wide", some_convolution(8, 16, square_window(7, 1, 3), 5), {narrow, stem});
  network.add("end", some_convolution(16, 4, square_window(1, 1, 0), 7));
  return network;
}

std::vector<Network> networks() {
  std::vector<Network> all = {grouped_chain(), residual()};
  for (const char* model : {"resnet20", "mlp", "vgg16_cifar:0.125"})
    all.push_back(fuse(build_model(model, 1)));
  return all;
}

std::vector<Network> chains() {
  return {grouped_chain(), fuse(build_model("mlp", 1)), fuse(build_model("vgg16_cifar:0.125", 1))};
}

TEST_CASE("strictness: every fp32 session passes, and far from the limit") {
  for (const Network& network : networks())
    for (const int64_t batch : {1, 3})
      for (const Backend& backend : backends()) {
        INFO(network.name() << ", " << backend.name << ", batch " << batch);
        if (backend.device && !backend.device().why_none.empty()) {
          WARN("not run: " << backend.device().why_none);
          continue;
        }
        const Samples images = seeded_images(network.input_shape(), batch);
        const auto session = backend.prepare(network, {.batch = batch, .threads = 2, .ranges = {}});
        const Strictness strictness = check_strictness(*session, network, images.values, batch);
        INFO(strictness.layer << ": " << strictness.relative_error << " of " << strictness.limit);
        CHECK(strictness.passed);
        CHECK_FALSE(strictness.layer.empty());
        CHECK(strictness.relative_error < strictness.limit / 3);
        CHECK(strictness.limit < 1e-4);
      }
}

TEST_CASE("strictness: a session that rounds factors to TF32, FP16 or BF16 is found") {
  constexpr Lie lies[] = {{11, 11, 24}, {11, 24, 24}, {24, 11, 24}, {8, 8, 24}, {8, 24, 24},
                          {24, 8, 24},  {24, 24, 11}, {24, 24, 8},  {8, 8, 8}};
  for (const Network& network : chains())
    for (const Lie& lie : lies) {
      constexpr int64_t batch = 2;
      LyingSession session(network, batch, lie);
      const Samples images = seeded_images(network.input_shape(), batch);
      const Strictness strictness = check_strictness(session, network, images.values, batch);
      INFO(network.name() << ": weights " << lie.weights << ", inputs " << lie.inputs << ", outputs "
                          << lie.outputs << " bits; " << strictness.layer << ": " << strictness.relative_error
                          << " of " << strictness.limit);
      CHECK_FALSE(strictness.passed);
      CHECK(strictness.relative_error > 3 * strictness.limit);
    }
}

TEST_CASE("strictness: a lie in linear layers only is found, although convolutions have longer sums") {
  const Network network = fuse(build_model("vgg16_cifar:0.125", 1));
  LyingSession session(network, 2, {11, 11, 24}, true);
  const Strictness strictness =
      check_strictness(session, network, seeded_images(network.input_shape(), 2).values, 2);
  CHECK_FALSE(strictness.passed);
  CHECK(strictness.layer == "classifier");
}

TEST_CASE("strictness: the layer with the longest sums is verified, its shortcut and all") {
  const Network network = residual();
  const Samples images = seeded_images(network.input_shape(), 1);
  const auto session = reference_backend().prepare(network, {.threads = 2, .ranges = {}});
  CHECK(check_strictness(*session, network, images.values, 1).layer == "wide");
}

TEST_CASE("strictness: a network without sums, or with numbers of 11 bits only, has nothing to verify") {
  Network network("pool", {3, 8, 8});
  network.add("pool", MaxPool{square_window(2, 2, 0)});
  std::vector<float> input(3 * 64, 0.25F);
  const auto check = [&] {
    const auto session = reference_backend().prepare(network, {.threads = 2, .ranges = {}});
    const Strictness strictness = check_strictness(*session, network, input, 1);
    CHECK(strictness.layer.empty());
    CHECK(strictness.passed);
  };
  check();
  network.add("conv", Convolution{{{2, 3, 1, 1}, std::vector<float>(6, 0.5F)}, {}, {}});
  check();
  Convolution dead = some_convolution(2, 2, square_window(1, 1, 0), 1);
  dead.bias.values = {-100, -100};
  dead.activation = relu;
  network.add("dead", std::move(dead));
  check();
}

}  // namespace
}  // namespace bitsweep
