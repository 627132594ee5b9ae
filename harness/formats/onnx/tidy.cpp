#include "harness/formats/onnx/tidy.h"

#include <algorithm>

#include "harness/formats/onnx/patterns.h"

namespace bitsweep::onnx {
namespace {

/// Layers while they are rewritten; those that are gone keep their index.
struct Layers {
  std::vector<Layer> all;
  std::vector<bool> gone;
  std::vector<std::vector<size_t>> readers;  ///< of each layer, one entry a read

  Layers(std::vector<Layer> layers, size_t output)
      : all(std::move(layers)), gone(all.size(), true), readers(all.size()) {
    gone[0] = gone[output] = false;
    for (size_t layer = output; layer > 0; --layer)
      if (!gone[layer])
        for (size_t input : all[layer].inputs) gone[input] = false;
    for (size_t layer = 0; layer < all.size(); ++layer)
      if (!gone[layer])
        for (size_t input : all[layer].inputs) readers[input].push_back(layer);
  }

  /// What read `layer` reads its only input from now on.
  void bypass(size_t layer) {
    const size_t input = all[layer].inputs[0];
    gone[layer] = true;
    std::erase(readers[input], layer);
    for (size_t reader : readers[layer]) {
      std::replace(all[reader].inputs.begin(), all[reader].inputs.end(), layer, input);
      readers[input].push_back(reader);
    }
  }
};

// ---- Paddings
// ------------------------------------------------------------------------------------------------------------

/// The window of a convolution that does nothing but pad; null for others.
const Window* padding_of(const Layer& layer) {
  const auto* convolution = std::get_if<Convolution>(&layer.operation);
  const std::array<int64_t, 2> one{1, 1};
  if (!convolution || convolution->bias != Tensor{} || convolution->window.kernel != one ||
      convolution->window.stride != one || convolution->groups != layer.shape[0] ||
      convolution->weights.shape[0] != layer.shape[0] || !all_are(convolution->weights, 1))
    return nullptr;
  return &convolution->window;
}

/// Is nothing that the layer gives below zero?
bool is_non_negative(const Layer& layer) {
  const auto* activation = std::get_if<Activation>(&layer.operation);
  if (!activation) return false;
  return activation->function == Function::relu || activation->function == Function::sigmoid ||
         activation->function == Function::hard_sigmoid ||
         (activation->function == Function::clip && activation->alpha >= 0);
}

/// The window that a layer slides over zeros around its input; null if zeros there mean something else.
Window* window_over_zeros(Layer& layer, const Layer& padded) {
  if (auto* convolution = std::get_if<Convolution>(&layer.operation)) return &convolution->window;
  if (auto* pool = std::get_if<MaxPool>(&layer.operation))
    return is_non_negative(padded) ? &pool->window : nullptr;
  if (auto* pool = std::get_if<AveragePool>(&layer.operation)) {
    const std::array<int64_t, 2> none{0, 0};
    const bool pads = pool->window.padding_begin != none || pool->window.padding_end != none;
    if (pads && !pool->count_padding) return nullptr;
    return &pool->window;
  }
  return nullptr;
}

/// A pool must see something in each place, else its windows are left as they are.
bool sees_input_everywhere(const Window& window, const Window& more) {
  for (size_t axis : {0, 1})
    if (window.padding_begin[axis] + more.padding_begin[axis] >= window.kernel[axis] ||
        window.padding_end[axis] + more.padding_end[axis] >= window.kernel[axis] ||
        window.dilation[axis] != 1)
      return false;
  return true;
}

void fold_padding(Layers& layers, size_t layer) {
  const Window* padding = padding_of(layers.all[layer]);
  if (!padding) return;
  Layer& padded = layers.all[layers.all[layer].inputs[0]];
  const bool taken =
      std::all_of(layers.readers[layer].begin(), layers.readers[layer].end(), [&](size_t reader) {
        Layer& read = layers.all[reader];
        Window* window = window_over_zeros(read, padded);
        return window && (std::holds_alternative<Convolution>(read.operation) ||
                          sees_input_everywhere(*window, *padding));
      });
  if (!taken || layers.readers[layer].empty()) return;
  for (size_t reader : layers.readers[layer]) {
    Window& window = *window_over_zeros(layers.all[reader], padded);
    for (size_t axis : {0, 1}) {
      window.padding_begin[axis] += padding->padding_begin[axis];
      window.padding_end[axis] += padding->padding_end[axis];
    }
    if (auto* pool = std::get_if<AveragePool>(&layers.all[reader].operation)) pool->count_padding = true;
  }
  if (!padded.range) padded.range = layers.all[layer].range;
  layers.bypass(layer);
}

// ---- Biases
// --------------------------------------------------------------------------------------------------------------

Tensor* missing_bias(Layer& layer) {
  Tensor* bias = nullptr;
  if (auto* convolution = std::get_if<Convolution>(&layer.operation)) bias = &convolution->bias;
  if (auto* linear = std::get_if<Linear>(&layer.operation)) bias = &linear->bias;
  return bias && *bias == Tensor{} ? bias : nullptr;
}

void fold_bias(Layers& layers, size_t layer) {
  auto* added = std::get_if<BatchNormalization>(&layers.all[layer].operation);
  if (!added || added->epsilon != 0 || !all_are(added->scale, 1) || !all_are(added->mean, 0) ||
      !all_are(added->variance, 1))
    return;
  const size_t before = layers.all[layer].inputs[0];
  Tensor* bias = missing_bias(layers.all[before]);
  if (!bias || layers.readers[before].size() != 1) return;
  *bias = std::move(added->shift);
  layers.all[before].range = layers.all[layer].range;
  layers.bypass(layer);
}

}  // namespace

Network tidy(Translated translated) {
  const std::string name = translated.network.name();
  Layers layers(translated.network.take_layers(), translated.output);
  for (const auto rewrite : {fold_padding, fold_bias})
    for (size_t layer = 1; layer < layers.all.size(); ++layer)
      if (!layers.gone[layer]) rewrite(layers, layer);

  Network network(name, layers.all[0].shape);
  std::vector<size_t> index(layers.all.size(), 0);
  for (size_t layer = 0; layer < layers.all.size(); ++layer) {
    Layer& kept = layers.all[layer];
    if (layers.gone[layer]) continue;
    for (size_t& input : kept.inputs) input = index[input];
    if (layer > 0)
      index[layer] = network.add(std::move(kept.name), std::move(kept.operation), std::move(kept.inputs));
    if (kept.range) network.set_range(index[layer], *kept.range);
  }
  return network;
}

}  // namespace bitsweep::onnx
