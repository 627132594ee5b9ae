#include "backends/onednn/training.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "backends/onednn/onednn.h"
#include "backends/onednn/training_graph.h"
#include "harness/accuracy.h"
#include "harness/error.h"
#include "harness/formats/safetensors.h"
#include "harness/fusion.h"
#include "harness/training/batches.h"
#include "harness/training/optimizer.h"

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

memory::data_type type_of(Precision precision) {
  if (precision == Precision::fp32) return memory::data_type::f32;
  if (precision != Precision::bf16)
    throw Error(fmt::format("training: precision {}; right is fp32 or bf16", to_text(precision)));
  if (!engine_features().bf16)
    throw Error("training: this CPU lacks avx512_bf16 and amx_bf16, bf16 would be emulated; right is fp32");
  return memory::data_type::bf16;
}

/// The parameters of a graph, what moves them, and where both are kept.
class Descent {
 public:
  Descent(TrainingState& state, const TrainingGraph& graph) : state_(state), graph_(graph) {
    for (const Parameter& parameter : graph.parameters()) {
      const auto found = state.velocity.find(name_of(parameter));
      velocities_.push_back(found != state.velocity.end()
                                ? found->second.values
                                : std::vector<float>(parameter.values().size(), 0.0F));
    }
  }

  void step(const DescentStep& step) {
    for (size_t i = 0; i < velocities_.size(); ++i) {
      const Parameter& parameter = graph_.parameters()[i];
      descend(step, parameter.values(), parameter.gradients(), velocities_[i]);
    }
  }

  void store() const {
    graph_.store(state_.network);
    for (size_t i = 0; i < velocities_.size(); ++i) {
      const auto count = static_cast<int64_t>(velocities_[i].size());
      state_.velocity[name_of(graph_.parameters()[i])] = {{count}, velocities_[i]};
    }
  }

 private:
  std::string name_of(const Parameter& parameter) const {
    return tensor_name(state_.network.layers()[parameter.layer], parameter.name);
  }

  TrainingState& state_;
  const TrainingGraph& graph_;
  std::vector<std::vector<float>> velocities_;  ///< of each parameter of the graph
};

/// Mean loss of one pass over the images.
double train_epoch(TrainingGraph& graph, Descent& descent, Batches& batches, const Recipe& recipe,
                   int epochs_done) {
  double loss = 0;
  const int64_t steps = batches.steps();
  for (int64_t step = 0; step < steps; ++step) {
    const Batches::Batch batch = batches.batch(step);
    graph.forward(batch.images);
    loss += graph.backward(batch.labels, recipe.label_smoothing);
    const double progress = epochs_done + static_cast<double>(step) / static_cast<double>(steps);
    descent.step({learning_rate(recipe, progress), recipe.momentum, recipe.weight_decay});
  }
  return loss / static_cast<double>(steps);
}

/// The share of test images whose largest output is the label's, in inference form.
double test_top1(const Network& network, const Samples& test, const Recipe& recipe) {
  const Network fused = fuse(network);
  const SessionRequest request{Precision::fp32, recipe.batch, recipe.threads, {}};
  const auto session = onednn_backend().prepare(fused, request);
  return top_k(infer_all(*session, fused, test, recipe.batch), test.labels, 1);
}

}  // namespace

void train(TrainingState& state, const Samples& training, const Samples& test, const Recipe& recipe,
           int test_every, const EpochObserver& observe) {
  check(state.network, training, "training");
  check(state.network, test, "test");
  bitsweep::check(recipe, state.network.input_shape());
  check_batch(recipe, training.count);
  TrainingGraph graph(state.network, recipe.batch, recipe.threads, type_of(recipe.precision));
  Descent descent(state, graph);
  Batches batches(training, recipe);
  for (int epoch = 0; epoch < state.epochs_done; ++epoch) batches.begin_epoch();
  const int done_before = state.epochs_done;
  const Clock::time_point begin = Clock::now();
  while (state.epochs_done < recipe.epochs) {
    const Clock::time_point epoch_begin = Clock::now();
    batches.begin_epoch();
    const double loss = train_epoch(graph, descent, batches, recipe, state.epochs_done);
    const double training_s = seconds_since(epoch_begin);
    const int epoch = state.epochs_done + 1;
    if (!std::isfinite(loss))
      throw Error(
          fmt::format("training: epoch {}: the loss is not finite; a smaller learning rate than {} may help",
                      epoch, recipe.learning_rate));
    descent.store();
    state.epochs_done = epoch;
    EpochReport report{epoch, loss, static_cast<double>(batches.steps() * recipe.batch) / training_s, {}, 0};
    if (epoch % test_every == 0 || epoch == recipe.epochs)
      report.top1 = test_top1(state.network, test, recipe);
    report.remaining_s = seconds_since(begin) / (epoch - done_before) * (recipe.epochs - epoch);
    observe(report);
  }
}

}  // namespace bitsweep::onednn
