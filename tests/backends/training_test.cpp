#ifdef BITSWEEP_ONEDNN

#include "backends/training.h"

#include <cmath>

#include "backends/onednn/training_graph.h"
#include "harness/accuracy.h"
#include "harness/error.h"
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

TEST_CASE("training: every gradient is the slope of the loss") {
  const Samples samples = easy_images(4, 20);
  onednn::TrainingGraph graph(small_network(), samples.count, 1);
  graph.forward(samples.values);
  graph.backward(samples.labels);
  constexpr float step = 1e-3F;
  for (const onednn::Parameter& parameter : graph.parameters())
    for (size_t index = 0; index < parameter.values().size(); ++index) {
      float& value = parameter.values()[index];
      const float before = value;
      value = before + step;
      const double above = loss_of(graph, samples);
      value = before - step;
      const double below = loss_of(graph, samples);
      value = before;
      INFO("layer " << parameter.layer << " " << parameter.name << " " << index);
      CHECK(parameter.gradients()[index] == Approx((above - below) / (2 * step)).margin(2e-3));
    }
}

TEST_CASE("training: softmax and cross-entropy stay finite where the outputs are huge") {
  std::vector<float> gradient(2);
  CHECK(onednn::softmax_cross_entropy(std::vector<float>{1000, 0}, std::vector<int32_t>{1}, gradient) ==
        Approx(1000));
  CHECK(gradient[0] == Approx(1));
  CHECK(gradient[1] == Approx(-1));
}

TEST_CASE("training: an easy task is learned, and the reports tell the way") {
  Network network = small_network();
  std::vector<EpochReport> reports;
  trainer()(network, easy_images(1000, 30), easy_images(203, 40),
            {.epochs = 20, .batch = 10, .learning_rate = 0.05F, .seed = 1, .threads = 1},
            [&](const EpochReport& report) { reports.push_back(report); });
  REQUIRE(reports.size() == 20);
  CHECK(reports.front().epoch == 1);
  CHECK(reports.back().loss < reports.front().loss / 3);
  CHECK(reports.back().top1 > 0.9);
  CHECK(reports.back().remaining_s == 0);
  CHECK(reports.back().images_per_second > 0);
}

TEST_CASE("training: repeated with the same seed it gives the same weights, bit by bit") {
  const auto trained = [](int64_t seed, int threads) {
    Network network = small_network();
    trainer()(network, easy_images(500, 30), easy_images(10, 40),
              {.epochs = 2, .batch = 16, .learning_rate = 0.05F, .seed = seed, .threads = threads},
              [](const EpochReport&) {});
    return weights_hash(network);
  };
  for (const int threads : {1, 2}) CHECK(trained(1, threads) == trained(1, threads));
  CHECK(trained(1, 1) != trained(2, 1));
  CHECK(trained(1, 1) != weights_hash(small_network()));
}

TEST_CASE("training: what cannot be trained is told by its name") {
  Network convolutional("small", {1, 4, 4});
  convolutional.add("conv1", some_convolution(1, 2, square_window(3, 1, 1), 1));
  CHECK_THROWS_WITH(onednn::TrainingGraph(convolutional, 4, 1),
                    ContainsSubstring("layer 'conv1': convolution cannot be trained yet"));

  Network branched("branched", {4});
  branched.add("fc1", some_linear(4, 4, 1));
  branched.add("fc2", some_linear(4, 4, 3), {1});
  branched.add("sum", Add{}, {1, 2});
  CHECK_THROWS_WITH(onednn::TrainingGraph(branched, 4, 1), ContainsSubstring("'fc1' is read 2 times"));
}

TEST_CASE("training: data that do not fit are refused") {
  const auto train = [](const Samples& samples, const TrainingOptions& options) {
    Network network = small_network();
    trainer()(network, samples, samples, options, [](const EpochReport&) {});
  };
  const Samples good = easy_images(20, 1);
  Samples unlabelled = good;
  unlabelled.labels.clear();
  CHECK_THROWS_WITH(train(unlabelled, {}), ContainsSubstring("no labels"));
  Samples misshapen = good;
  misshapen.shape = {5};
  CHECK_THROWS_WITH(train(misshapen, {}), ContainsSubstring("shape [5]; network 'small' takes [2, 3, 2]"));
  CHECK_THROWS_WITH(train(good, {.batch = 21}),
                    ContainsSubstring("batch 21 does not fit 20 training images"));
  CHECK_THROWS_WITH(train(good, {.epochs = 60, .batch = 1, .learning_rate = 1e30F}),
                    ContainsSubstring("loss is not finite"));
}

}  // namespace
}  // namespace bitsweep

#endif
