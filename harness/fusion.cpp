#include "harness/fusion.h"

#include <algorithm>
#include <cmath>

namespace bitsweep {
namespace {

/// A network while it is rewritten: layers keep their index; those folded into another are gone.
struct Graph {
  std::vector<Layer> layers;
  std::vector<bool> gone;

  explicit Graph(std::vector<Layer> from) : layers(std::move(from)), gone(layers.size(), false) {}

  /// One entry a read: a layer that reads `layer` twice is there twice.
  std::vector<size_t> readers(size_t layer) const {
    std::vector<size_t> found;
    for (size_t reader = layer + 1; reader < layers.size(); ++reader)
      if (!gone[reader])
        found.insert(found.end(),
                     std::count(layers[reader].inputs.begin(), layers[reader].inputs.end(), layer), reader);
    return found;
  }

  bool only_reader(size_t layer, size_t reader) const {
    return readers(layer) == std::vector<size_t>{reader};
  }

  /// `layer` is done by `by` from now on.
  void fold(size_t layer, size_t by) {
    gone[layer] = true;
    layers[by].range = layers[layer].range;
    for (Layer& reader : layers) std::replace(reader.inputs.begin(), reader.inputs.end(), layer, by);
  }
};

/// Layers that do not reach the output would otherwise stand last once the output is folded into another.
void drop_unread(Graph& graph) {
  for (size_t layer = graph.layers.size() - 1; layer-- > 1;)
    if (graph.readers(layer).empty()) graph.gone[layer] = true;
}

/// Engines need not know layers without a bias.
void complete_bias(Graph& graph, size_t layer) {
  const auto complete = [](auto* weighted) {
    const int64_t channels = weighted->weights.shape[0];
    if (weighted->bias == Tensor{}) weighted->bias = {{channels}, std::vector<float>(channels, 0.0F)};
  };
  if (auto* convolution = std::get_if<Convolution>(&graph.layers[layer].operation)) complete(convolution);
  if (auto* linear = std::get_if<Linear>(&graph.layers[layer].operation)) complete(linear);
}

/// y = scale (w x + b - mean) / sqrt(variance + epsilon) + shift, as new w and b of each output channel.
void scale_channels(Tensor& weights, Tensor& bias, const BatchNormalization& normalization) {
  const size_t channels = bias.values.size();
  const size_t channel_size = weights.values.size() / channels;
  for (size_t channel = 0; channel < channels; ++channel) {
    const double factor =
        normalization.scale.values[channel] /
        std::sqrt(static_cast<double>(normalization.variance.values[channel]) + normalization.epsilon);
    float* first = &weights.values[channel * channel_size];
    std::for_each(first, first + channel_size,
                  [&](float& weight) { weight = static_cast<float>(weight * factor); });
    bias.values[channel] = static_cast<float>(
        (static_cast<double>(bias.values[channel]) - normalization.mean.values[channel]) * factor +
        normalization.shift.values[channel]);
  }
}

void fold_batch_normalization(Graph& graph, size_t layer) {
  const auto* normalization = std::get_if<BatchNormalization>(&graph.layers[layer].operation);
  if (!normalization) return;
  const size_t producer = graph.layers[layer].inputs[0];
  if (!graph.only_reader(producer, layer)) return;
  const auto scale = [&](auto* weighted) {
    if (weighted->activation || graph.layers[producer].inputs.size() != 1) return;
    scale_channels(weighted->weights, weighted->bias, *normalization);
    graph.fold(layer, producer);
  };
  Operation& operation = graph.layers[producer].operation;
  if (auto* convolution = std::get_if<Convolution>(&operation)) scale(convolution);
  if (auto* linear = std::get_if<Linear>(&operation)) scale(linear);
}

/// One that follows nothing that could take it: on images it is a 1 × 1 convolution of each channel by
/// itself.
void replace_batch_normalization(Graph& graph, size_t layer) {
  const auto* normalization = std::get_if<BatchNormalization>(&graph.layers[layer].operation);
  if (!normalization || graph.layers[layer].shape.size() != 3) return;
  const int64_t channels = graph.layers[layer].shape[0];
  Convolution convolution{{{channels, 1, 1, 1}, std::vector<float>(channels, 1.0F)},
                          {{channels}, std::vector<float>(channels, 0.0F)},
                          Window{},
                          channels};
  scale_channels(convolution.weights, convolution.bias, *normalization);
  graph.layers[layer].operation = std::move(convolution);
}

/// The function that the operation itself applies last, null where it has none.
Activation* activation_of(Operation& operation) {
  if (auto* convolution = std::get_if<Convolution>(&operation)) return &convolution->activation;
  if (auto* linear = std::get_if<Linear>(&operation)) return &linear->activation;
  if (auto* add = std::get_if<Add>(&operation)) return &add->activation;
  return nullptr;
}

void fold_activation(Graph& graph, size_t layer) {
  const auto* activation = std::get_if<Activation>(&graph.layers[layer].operation);
  if (!activation) return;
  const size_t producer = graph.layers[layer].inputs[0];
  Activation* before = activation_of(graph.layers[producer].operation);
  if (!before || *before || !graph.only_reader(producer, layer)) return;
  *before = *activation;
  graph.fold(layer, producer);
}

/// Engines write the sum over the shortcut's buffer. So nothing may read the shortcut from the convolution
/// on, not even the convolution itself or a Flatten, which may be a view of that buffer; and it must not be
/// the caller's input.
bool may_be_overwritten(const Graph& graph, size_t shortcut, size_t convolution, size_t addition) {
  if (shortcut == 0) return false;
  const std::vector<size_t> readers = graph.readers(shortcut);
  return std::all_of(readers.begin(), readers.end(), [&](size_t reader) {
    return reader == addition ||
           (reader < convolution && !std::holds_alternative<Flatten>(graph.layers[reader].operation));
  });
}

void fold_addition(Graph& graph, size_t layer) {
  const auto* addition = std::get_if<Add>(&graph.layers[layer].operation);
  if (!addition) return;
  const std::vector<size_t> operands = graph.layers[layer].inputs;
  const size_t shortcut = std::min(operands[0], operands[1]);
  const size_t last = std::max(operands[0], operands[1]);
  auto* convolution = std::get_if<Convolution>(&graph.layers[last].operation);
  if (!convolution || convolution->activation || graph.layers[last].inputs.size() != 1) return;
  if (!graph.only_reader(last, layer) || !may_be_overwritten(graph, shortcut, last, layer)) return;
  convolution->activation = addition->activation;
  graph.layers[last].inputs.push_back(shortcut);
  graph.fold(layer, last);
}

Network rebuild(const std::string& name, Graph graph) {
  Network network(name, graph.layers.front().shape);
  if (graph.layers.front().range) network.set_range(0, *graph.layers.front().range);
  std::vector<size_t> new_index(graph.layers.size(), 0);
  for (size_t layer = 1; layer < graph.layers.size(); ++layer) {
    if (graph.gone[layer]) continue;
    Layer& moved = graph.layers[layer];
    for (size_t& input : moved.inputs) input = new_index[input];
    new_index[layer] =
        network.add(std::move(moved.name), std::move(moved.operation), std::move(moved.inputs));
    if (moved.range) network.set_range(new_index[layer], *moved.range);
  }
  return network;
}

}  // namespace

Network fuse(Network network) {
  Graph graph(network.take_layers());
  drop_unread(graph);
  // Additions last: they carry their activation into the convolution, which must not have one of its own.
  for (const auto rewrite :
       {complete_bias, fold_batch_normalization, replace_batch_normalization, fold_activation, fold_addition})
    for (size_t layer = 1; layer < graph.layers.size(); ++layer)
      if (!graph.gone[layer]) rewrite(graph, layer);
  return rebuild(network.name(), std::move(graph));
}

}  // namespace bitsweep
