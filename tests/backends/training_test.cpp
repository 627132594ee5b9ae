#include "backends/training.h"

#include <cmath>
#include <filesystem>

#include "backends/onednn/training_graph.h"
#include "backends/training_state.h"
#include "harness/accuracy.h"
#include "harness/error.h"
#include "harness/formats/safetensors.h"
#include "harness/models/models.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep {
namespace {

Network small_network() {
  Network network("small", {2, 3, 2});
  network.add("flatten", Flatten{});
  network.add("fc1", some_linear(12, 9, 1));
  network.add("relu1", relu);
  network.add("fc2", some_linear(9, 5, 3));
  network.add("relu2", relu);
  network.add("fc3", some_linear(5, 3, 5));
  return network;
}

/// Images whose label can be read off: where the largest of the first three values is.
Samples easy_images(int64_t count, int64_t stream) {
  Samples samples{{2, 3, 2}, count, some_values({count, 2, 3, 2}, stream).values, {}, ""};
  for (int64_t image = 0; image < count; ++image) {
    const auto first = samples.values.begin() + image * 12;
    samples.labels.push_back(static_cast<int32_t>(std::max_element(first, first + 3) - first));
  }
  return samples;
}

double loss_of(onednn::TrainingGraph& graph, const Samples& samples) {
  const std::span<const float> outputs = graph.forward(samples.values);
  std::vector<float> gradient(outputs.size());
  return onednn::softmax_cross_entropy(outputs, samples.labels, gradient);
}

/// The gradients against the slopes of the loss, by central differences. They are compared a tensor at a
/// time: a step across the bend of a ReLU or to another maximum spoils a single slope.
void check_gradients(const Network& network) {
  Samples samples{network.input_shape(), 4, {}, {0, 1, 2, 1}, ""};
  Shape all = network.input_shape();
  all.insert(all.begin(), samples.count);
  samples.values = some_values(all, 20).values;
  onednn::TrainingGraph graph(network, samples.count, 1);
  graph.forward(samples.values);
  graph.backward(samples.labels);
  constexpr float step = 1e-3F;
  for (const onednn::Parameter& parameter : graph.parameters()) {
    double error = 0, power = 0;
    for (size_t index = 0; index < parameter.values().size(); ++index) {
      float& value = parameter.values()[index];
      const float before = value;
      value = before + step;
      const double above = loss_of(graph, samples);
      value = before - step;
      const double below = loss_of(graph, samples);
      value = before;
      const double slope = (above - below) / (2 * step);
      error += std::pow(parameter.gradients()[index] - slope, 2);
      power += slope * slope;
    }
    INFO(network.name() << ": layer " << network.layers()[parameter.layer].name << " " << parameter.name);
    CHECK(std::sqrt(error) <= 0.03 * std::sqrt(power) + 3e-3);
  }
}

TEST_CASE("training: every gradient is the slope of the loss, layer by layer") {
  check_gradients(small_network());
  const Window three = square_window(3, 1, 1);
  const auto classified = [](Network network) {
    network.add("flatten", Flatten{});
    network.add("fc", some_linear(network.output_shape()[0], 3, 90));
    return network;
  };
  const auto images = [](const char* name) { return Network(name, {3, 6, 6}); };

  Network plain = images("convolutions");
  plain.add("conv1", some_convolution(3, 4, square_window(3, 2, 1), 1));
  Convolution grouped = some_convolution(4, 6, {{2, 2}, {1, 1}, {0, 1}, {1, 0}, {1, 1}}, 3, 2);
  grouped.bias = {};
  plain.add("conv2", grouped);
  check_gradients(classified(std::move(plain)));

  for (const auto& [name, pool] : {std::pair<const char*, Operation>{"max", MaxPool{square_window(3, 2, 1)}},
                                   {"average", AveragePool{square_window(3, 2, 1), false}},
                                   {"average with padding", AveragePool{square_window(2, 2, 1), true}},
                                   {"global average", GlobalAveragePool{}}}) {
    Network pooled = images(name);
    pooled.add("conv", some_convolution(3, 4, three, 1));
    pooled.add("pool", pool);
    check_gradients(classified(std::move(pooled)));
  }

  Network normalised = images("batch normalization");
  normalised.add("bn0", some_normalization(3, 60));
  normalised.add("conv", some_convolution(3, 4, three, 1));
  normalised.add("bn1", some_normalization(4, 70));
  check_gradients(classified(std::move(normalised)));
}

/// A layer that works in place on memory that another one still needs would show here.
TEST_CASE("training: gradients stay right where branches meet and memory is shared") {
  const Window three = square_window(3, 1, 1);
  Network residual("residual", {2, 5, 5});
  residual.add("conv0", some_convolution(2, 4, three, 1));
  residual.add("bn0", some_normalization(4, 10));
  const size_t stem = residual.add("relu0", relu);
  residual.add("conv1", some_convolution(4, 4, three, 20), {stem});
  residual.add("bn1", some_normalization(4, 30));
  residual.add("relu1", relu);
  residual.add("conv2", some_convolution(4, 4, three, 40));
  const size_t branch = residual.add("bn2", some_normalization(4, 50));
  residual.add("add", Add{}, {branch, stem});
  const size_t trunk = residual.add("relu2", relu);
  const size_t shortcut = residual.add("down", some_convolution(4, 6, square_window(1, 2, 0), 60), {trunk});
  residual.add("conv3", some_convolution(4, 6, square_window(3, 2, 1), 70), {trunk});
  residual.add("add2", Add{}, {shortcut, residual.layers().size() - 1});
  residual.add("flatten", Flatten{});
  residual.add("fc", some_linear(54, 3, 80));
  check_gradients(residual);

  Network crossed("crossed", {6});
  const size_t first = crossed.add("fc1", some_linear(6, 5, 1));
  const size_t rectified = crossed.add("relu1", relu);
  const size_t second = crossed.add("fc2", some_linear(5, 5, 3));
  const size_t sum = crossed.add("sum", Add{}, {rectified, second});
  crossed.add("fc3", some_linear(5, 5, 5), {first});  // reads what the ReLU would else overwrite
  const size_t twice = crossed.add("twice", Add{}, {sum, sum});
  crossed.add("all", Add{}, {crossed.layers().size() - 2, twice});
  crossed.add("fc4", some_linear(5, 3, 7));
  check_gradients(crossed);
}

TEST_CASE("training: running statistics move towards those of the batch") {
  Network network("statistics", {2, 4, 4});
  network.add("bn", BatchNormalization{{{2}, {1, 1}}, {{2}, {0, 0}}, {{2}, {0, 0}}, {{2}, {1, 1}}});
  network.add("flatten", Flatten{});
  network.add("fc", some_linear(32, 2, 1));
  std::vector<float> images(3 * 32);
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<float>(i % 16) + (i / 16 % 2 ? 100.F : 0.F);
  onednn::TrainingGraph graph(network, 3, 1);
  graph.forward(images);
  graph.store(network);
  const auto& normalization = std::get<BatchNormalization>(network.layers()[1].operation);
  CHECK(normalization.mean.values[0] == Approx(0.1 * 7.5));
  CHECK(normalization.mean.values[1] == Approx(0.1 * 107.5));
  // 16 values of variance 21.25, three times; the unbiased estimate divides by 47.
  CHECK(normalization.variance.values[0] == Approx(0.9 + 0.1 * 21.25 * 48 / 47));
}

TEST_CASE("training: softmax and cross-entropy stay finite where the outputs are huge") {
  std::vector<float> gradient(2);
  CHECK(onednn::softmax_cross_entropy(std::vector<float>{1000, 0}, std::vector<int32_t>{1}, gradient) ==
        Approx(1000));
  CHECK(gradient[0] == Approx(1));
  CHECK(gradient[1] == Approx(-1));
}

TEST_CASE("training: a smoothed label stands for a bit of each class") {
  std::vector<float> gradient(2);
  const std::vector<float> outputs = {1, 0};
  const double right = -std::log(1 / (1 + std::exp(-1.0))), wrong = right + 1;
  CHECK(onednn::softmax_cross_entropy(outputs, std::vector<int32_t>{0}, gradient, 0.2F) ==
        Approx(0.9 * right + 0.1 * wrong));
  CHECK(gradient[0] == Approx(1 / (1 + std::exp(-1.0)) - 0.9));
  CHECK(gradient[0] == Approx(-gradient[1]));
}

TEST_CASE("training: an easy task is learned, and the reports tell the way") {
  TrainingState state{small_network(), 0, {}};
  std::vector<EpochReport> reports;
  trainer()(state, easy_images(1000, 30), easy_images(203, 40),
            {.epochs = 20, .batch = 10, .learning_rate = 0.05F, .milestones = {}}, 5,
            [&](const EpochReport& report) { reports.push_back(report); });
  REQUIRE(reports.size() == 20);
  CHECK(reports.front().epoch == 1);
  CHECK_FALSE(reports.front().top1);
  CHECK(reports[4].top1);
  CHECK(reports.back().loss < reports.front().loss / 3);
  CHECK(*reports.back().top1 > 0.9);
  CHECK(reports.back().remaining_s == 0);
  CHECK(reports.back().images_per_second > 0);
  CHECK(state.epochs_done == 20);
}

Recipe full_recipe(int epochs, int64_t seed, int threads) {
  return {.epochs = epochs,
          .batch = 16,
          .learning_rate = 0.05F,
          .schedule = Schedule::cosine,
          .milestones = {},
          .momentum = 0.9F,
          .weight_decay = 1e-3F,
          .label_smoothing = 0.1F,
          .crop = 1,
          .flip = true,
          .seed = seed,
          .threads = threads};
}

Network small_convolutional() {
  Network network("small", {2, 3, 2});
  network.add("conv", some_convolution(2, 8, square_window(3, 1, 1), 1));
  network.add("bn", some_normalization(8, 10));
  network.add("relu", relu);
  network.add("flatten", Flatten{});
  network.add("fc", some_linear(48, 3, 20));
  return network;
}

TEST_CASE("training: repeated with the same seed it gives the same weights, bit by bit") {
  const auto trained = [](int64_t seed, int threads) {
    TrainingState state{small_convolutional(), 0, {}};
    trainer()(state, easy_images(500, 30), easy_images(10, 40), full_recipe(2, seed, threads), 2,
              [](const EpochReport&) {});
    return weights_hash(state.network);
  };
  for (const int threads : {1, 2}) CHECK(trained(1, threads) == trained(1, threads));
  CHECK(trained(1, 1) != trained(2, 1));
  CHECK(trained(1, 1) != weights_hash(small_convolutional()));
}

TEST_CASE("training: stopped after any epoch and read back from disk, it ends in the same weights") {
  const std::string path = (std::filesystem::temp_directory_path() / "bitsweep_training.state").string();
  const auto train = [](TrainingState& state, const EpochObserver& observe) {
    trainer()(state, easy_images(200, 30), easy_images(10, 40), full_recipe(4, 3, 2), 4, observe);
  };
  struct Killed {};
  TrainingState whole{small_convolutional(), 0, {}};
  train(whole, [](const EpochReport&) {});
  for (int stop = 1; stop < 4; ++stop) {
    TrainingState state{small_convolutional(), 0, {}};
    CHECK_THROWS_AS(train(state,
                          [&](const EpochReport& report) {
                            if (report.epoch != stop) return;
                            write_state(path, state, "a command");
                            throw Killed();
                          }),
                    Killed);
    TrainingState resumed{small_convolutional(), 0, {}};
    read_state(path, resumed, "a command");
    CHECK(resumed.epochs_done == stop);
    train(resumed, [](const EpochReport&) {});
    CHECK(weights_hash(resumed.network) == weights_hash(whole.network));
  }
  TrainingState other{small_convolutional(), 0, {}};
  CHECK_THROWS_WITH(read_state(path, other, "another"),
                    ContainsSubstring("by another command:\n  a command"));
  write_safetensors(path, checkpoint_of(small_convolutional()));
  CHECK_THROWS_AS(read_state(path, other, "a command"), Error);
  std::filesystem::remove(path);
}

// The biases of BatchNorms far from the loss are nearest to the bound: 0.966 with AMX. Their gradients are
// sums of both signs over all pixels, in which the rounding errors of 20 layers stand out.
TEST_CASE("training: gradients of bf16 values are those of fp32 up to rounding") {
  if (!onednn::engine_features().bf16) {
    WARN("this CPU has no bf16 instructions: not tested");
    return;
  }
  const Network network = build_model("resnet20", 1);
  const Tensor images = some_values({16, 3, 32, 32}, 1);
  const std::vector<int32_t> labels = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5};
  onednn::TrainingGraph exact(network, 16, 2), rounded(network, 16, 2, dnnl::memory::data_type::bf16);
  for (onednn::TrainingGraph* graph : {&exact, &rounded}) {
    graph->forward(images.values);
    graph->backward(labels);
  }
  for (size_t i = 0; i < exact.parameters().size(); ++i) {
    const onednn::Parameter& parameter = exact.parameters()[i];
    INFO(network.layers()[parameter.layer].name << " " << parameter.name);
    const auto wanted = parameter.gradients(), given = rounded.parameters()[i].gradients();
    CHECK(fidelity(given, wanted, static_cast<int64_t>(wanted.size())).cosine > 0.95);
  }
}

TEST_CASE("training: with bf16 values it learns as well, or is told why it cannot") {
  TrainingState state{small_convolutional(), 0, {}};
  Recipe recipe = full_recipe(15, 1, 1);
  recipe.crop = 0;  // a shift or a flip would change what the label says
  recipe.flip = false;
  recipe.precision = Precision::bf16;
  double top1 = 0;
  const auto train = [&] {
    trainer()(state, easy_images(1000, 30), easy_images(200, 40), recipe, 15,
              [&](const EpochReport& report) { top1 = report.top1.value_or(0); });
  };
  if (onednn::engine_features().bf16) {
    train();
    CHECK(top1 > 0.8);
  } else {
    CHECK_THROWS_WITH(train(), ContainsSubstring("lacks avx512_bf16"));
  }
}

TEST_CASE("training: what cannot be trained is told by its name") {
  Network activated("small", {4});
  activated.add("gate", Activation{Function::sigmoid});
  CHECK_THROWS_WITH(onednn::TrainingGraph(activated, 4, 1),
                    ContainsSubstring("layer 'gate': sigmoid cannot be trained"));

  Network fused("fused", {4});
  Linear linear = some_linear(4, 4, 1);
  linear.activation = relu;
  fused.add("fc", linear);
  CHECK_THROWS_WITH(onednn::TrainingGraph(fused, 4, 1), ContainsSubstring("right is the form before fuse()"));
}

TEST_CASE("training: data that do not fit are refused") {
  const auto train = [](const Samples& samples, const Recipe& recipe) {
    TrainingState state{small_network(), 0, {}};
    trainer()(state, samples, samples, recipe, 1, [](const EpochReport&) {});
  };
  const Samples good = easy_images(20, 1);
  Samples unlabelled = good;
  unlabelled.labels.clear();
  CHECK_THROWS_WITH(train(unlabelled, {}), ContainsSubstring("no labels"));
  Samples misshapen = good;
  misshapen.shape = {5};
  CHECK_THROWS_WITH(train(misshapen, {}), ContainsSubstring("shape [5]; network 'small' takes [2, 3, 2]"));
  CHECK_THROWS_WITH(train(good, {.batch = 21, .milestones = {}}),
                    ContainsSubstring("batch 21 does not fit 20 training images"));
  CHECK_THROWS_WITH(train(good, {.epochs = 60, .batch = 1, .learning_rate = 1e30F, .milestones = {}}),
                    ContainsSubstring("loss is not finite"));
}

}  // namespace
}  // namespace bitsweep
