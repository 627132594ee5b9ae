#include "backends/onednn/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "backends/onednn/training_graph.h"
#include "harness/accuracy.h"
#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void check(const Network& network, const Samples& samples, const char* purpose) {
  const int64_t expected = element_count(network.input_shape());
  if (element_count(samples.shape) != expected)
    throw Error(fmt::format("training: {} images have shape {}; network '{}' takes {}", purpose,
                            to_text(samples.shape), network.name(), to_text(network.input_shape())));
  if (samples.labels.empty())
    throw Error(fmt::format("training: the {} images have no labels; right is a labelled dataset", purpose));
  check_classes(samples, element_count(network.output_shape()));
}

void check(const Samples& training, const TrainingOptions& options) {
  if (options.batch < 1 || options.batch > training.count)
    throw Error(
        fmt::format("training: batch {} does not fit {} training images", options.batch, training.count));
  if (options.epochs < 1) throw Error(fmt::format("training: {} epochs; right is 1 or more", options.epochs));
  if (!(options.learning_rate > 0))
    throw Error(fmt::format("training: learning rate {}; right is above 0", options.learning_rate));
}

/// Fisher-Yates; written out because the standard library's shuffle differs between libraries.
void shuffle(std::vector<int64_t>& order, std::mt19937_64& random) {
  for (size_t last = order.size() - 1; last > 0; --last) std::swap(order[last], order[random() % (last + 1)]);
}

/// Images and labels of one step, gathered.
struct Batch {
  std::vector<float> images;
  std::vector<int32_t> labels;

  void gather(const Samples& samples, std::span<const int64_t> indices) {
    const int64_t size = element_count(samples.shape);
    images.resize(indices.size() * static_cast<size_t>(size));
    labels.clear();
    auto destination = images.begin();
    for (const int64_t index : indices) {
      destination = std::copy_n(samples.values.begin() + index * size, size, destination);
      labels.push_back(samples.labels[static_cast<size_t>(index)]);
    }
  }
};

/// The share of test images whose largest output is the label's; the last batch is padded by its first image.
double test_top1(TrainingGraph& graph, const Samples& test, int64_t batch_size) {
  std::vector<float> outputs;
  Batch batch;
  for (int64_t first = 0; first < test.count; first += batch_size) {
    std::vector<int64_t> indices(static_cast<size_t>(batch_size), first);
    const int64_t filled = std::min(batch_size, test.count - first);
    std::iota(indices.begin(), indices.begin() + filled, first);
    batch.gather(test, indices);
    const std::span<const float> given = graph.forward(batch.images);
    const size_t classes = given.size() / static_cast<size_t>(batch_size);
    outputs.insert(outputs.end(), given.begin(), given.begin() + filled * static_cast<int64_t>(classes));
  }
  return top_k(outputs, test.labels, 1);
}

/// Mean loss of one pass over the images in this order.
double train_epoch(TrainingGraph& graph, const Samples& training, std::span<const int64_t> order,
                   const TrainingOptions& options) {
  const auto batch_size = static_cast<size_t>(options.batch);
  const size_t steps = order.size() / batch_size;
  double loss = 0;
  Batch batch;
  for (size_t step = 0; step < steps; ++step) {
    batch.gather(training, order.subspan(step * batch_size, batch_size));
    graph.forward(batch.images);
    loss += graph.backward(batch.labels);
    graph.descend(options.learning_rate);
  }
  return loss / static_cast<double>(steps);
}

}  // namespace

void train(Network& network, const Samples& training, const Samples& test, const TrainingOptions& options,
           const EpochObserver& observe) {
  check(network, training, "training");
  check(network, test, "test");
  check(training, options);
  TrainingGraph graph(network, options.batch, options.threads);
  std::mt19937_64 random(static_cast<uint64_t>(options.seed));
  std::vector<int64_t> order(static_cast<size_t>(training.count));
  std::iota(order.begin(), order.end(), int64_t{0});
  const Clock::time_point begin = Clock::now();
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const Clock::time_point epoch_begin = Clock::now();
    shuffle(order, random);
    const double loss = train_epoch(graph, training, order, options);
    const double training_s = seconds_since(epoch_begin);
    if (!std::isfinite(loss))
      throw Error(
          fmt::format("training: epoch {}: the loss is not finite; a smaller learning rate than {} may help",
                      epoch, options.learning_rate));
    const double top1 = test_top1(graph, test, options.batch);
    observe({epoch, loss, static_cast<double>(training.count) / training_s, top1,
             seconds_since(begin) / epoch * (options.epochs - epoch)});
  }
  graph.store(network);
}

}  // namespace bitsweep::onednn
