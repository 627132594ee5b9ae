#include "harness/network.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include "harness/error.h"
#include "harness/extent.h"

namespace bitsweep {
namespace {

/// Says what is wrong with the layer that is being added.
class Complaint {
 public:
  Complaint(std::string network, std::string layer)
      : place_(fmt::format("layer '{}' of {}", layer, network)) {}

  void unless(bool right, const std::function<std::string()>& wrong) const {
    if (!right) throw Error(fmt::format("{}: {}", place_, wrong()));
  }

 private:
  std::string place_;
};

void check_tensor(const Complaint& complain, const char* what, const Tensor& tensor, const Shape& right) {
  complain.unless(tensor.shape == right, [&] {
    return fmt::format("{} have shape {}; right is {}", what, to_text(tensor.shape), to_text(right));
  });
  complain.unless(static_cast<int64_t>(tensor.values.size()) == element_count(right), [&] {
    return fmt::format("{} have {} values; right is {} for shape {}", what, tensor.values.size(),
                       element_count(right), to_text(right));
  });
}

void check_image(const Complaint& complain, const Shape& input) {
  complain.unless(input.size() == 3, [&] {
    return fmt::format("its input has shape {}; right is [channels, height, width]", to_text(input));
  });
}

void check_window(const Complaint& complain, const Window& window) {
  for (size_t axis : {0, 1}) {
    complain.unless(window.kernel[axis] >= 1 && window.stride[axis] >= 1 && window.dilation[axis] >= 1, [&] {
      return fmt::format("kernel {}, stride {} and dilation {} are impossible; right is 1 or more each",
                         window.kernel[axis], window.stride[axis], window.dilation[axis]);
    });
    complain.unless(window.padding_begin[axis] >= 0 && window.padding_end[axis] >= 0, [&] {
      return fmt::format("padding {} and {} is impossible; right is 0 or more", window.padding_begin[axis],
                         window.padding_end[axis]);
    });
  }
}

/// [channels, height, width] of what a window sliding over `input` gives.
Shape slide(const Complaint& complain, const Window& window, const Shape& input, int64_t channels) {
  check_image(complain, input);
  check_window(complain, window);
  Shape output = {channels, 0, 0};
  for (size_t axis : {0, 1}) {
    const int64_t padded = input[axis + 1] + window.padding_begin[axis] + window.padding_end[axis];
    complain.unless(padded >= extent(window, axis), [&] {
      return fmt::format("its window covers {} elements but the padded input has {}; right is at most {}",
                         extent(window, axis), padded, padded);
    });
    output[axis + 1] = (padded - extent(window, axis)) / window.stride[axis] + 1;
  }
  return output;
}

/// A pool over nothing but padding has no value.
void check_pool_sees_input(const Complaint& complain, const Window& window, const Shape& input,
                           const Shape& output) {
  for (size_t axis : {0, 1})
    for (int64_t position = 0; position < output[axis + 1]; ++position) {
      // The first tap that is not before the input.
      const int64_t begin = position * window.stride[axis] - window.padding_begin[axis];
      const int64_t tap =
          begin < 0 ? (-begin + window.dilation[axis] - 1) / window.dilation[axis] : int64_t{0};
      const bool sees = tap < window.kernel[axis] && begin + tap * window.dilation[axis] < input[axis + 1];
      complain.unless(sees, [] {
        return "a window covers nothing but padding; right is padding below the window's size";
      });
    }
}

/// Shape of the output of each operation; complains where inputs, tensors and geometry do not fit together.
struct OutputShape {
  const Complaint& complain;
  const std::vector<Shape>& inputs;

  void check_activation(const Activation& activation) const {
    complain.unless(activation.function != Function::clip || activation.alpha <= activation.beta, [&] {
      return fmt::format("it clips between {} and {}; right is the lower bound first", activation.alpha,
                         activation.beta);
    });
  }

  void count_inputs(size_t right) const {
    complain.unless(inputs.size() == right,
                    [&] { return fmt::format("it has {} inputs; right is {}", inputs.size(), right); });
  }

  Shape pool(const Window& window) const {
    count_inputs(1);
    Shape output = slide(complain, window, inputs[0], inputs[0].empty() ? 0 : inputs[0][0]);
    check_pool_sees_input(complain, window, inputs[0], output);
    return output;
  }

  Shape operator()(const Input&) const {
    complain.unless(false, [] { return "it is a second input; right is one input, made by the network"; });
    return {};
  }

  Shape operator()(const Convolution& layer) const {
    check_activation(layer.activation);
    complain.unless(inputs.size() == 1 || inputs.size() == 2, [&] {
      return fmt::format("it has {} inputs; right is 1, or 2 with a shortcut", inputs.size());
    });
    check_image(complain, inputs[0]);
    const int64_t channels = inputs[0][0];
    const Shape& weights = layer.weights.shape;
    complain.unless(weights.size() == 4 && weights[0] >= 1, [&] {
      return fmt::format("its weights have shape {}; right is [out, in / groups, height, width]",
                         to_text(weights));
    });
    complain.unless(layer.groups >= 1 && channels % layer.groups == 0 && weights[0] % layer.groups == 0, [&] {
      return fmt::format("{} groups do not divide {} input and {} output channels; right is a common divisor",
                         layer.groups, channels, weights[0]);
    });
    Shape output = slide(complain, layer.window, inputs[0], weights[0]);
    check_tensor(complain, "its weights", layer.weights,
                 {weights[0], channels / layer.groups, layer.window.kernel[0], layer.window.kernel[1]});
    if (layer.bias != Tensor{}) check_tensor(complain, "its biases", layer.bias, {weights[0]});
    complain.unless(inputs.size() == 1 || inputs[1] == output, [&] {
      return fmt::format("its shortcut has shape {}; right is that of its output, {}", to_text(inputs[1]),
                         to_text(output));
    });
    return output;
  }

  Shape operator()(const Linear& layer) const {
    check_activation(layer.activation);
    count_inputs(1);
    complain.unless(inputs[0].size() == 1, [&] {
      return fmt::format("its input has shape {}; right is [elements], see Flatten", to_text(inputs[0]));
    });
    complain.unless(layer.weights.shape.size() == 2 && layer.weights.shape[0] >= 1, [&] {
      return fmt::format("its weights have shape {}; right is [out, in]", to_text(layer.weights.shape));
    });
    const int64_t out = layer.weights.shape[0];
    check_tensor(complain, "its weights", layer.weights, {out, inputs[0][0]});
    if (layer.bias != Tensor{}) check_tensor(complain, "its biases", layer.bias, {out});
    return {out};
  }

  Shape operator()(const BatchNormalization& layer) const {
    count_inputs(1);
    const Shape channels = {inputs[0][0]};
    check_tensor(complain, "its scales", layer.scale, channels);
    check_tensor(complain, "its shifts", layer.shift, channels);
    check_tensor(complain, "its means", layer.mean, channels);
    check_tensor(complain, "its variances", layer.variance, channels);
    return inputs[0];
  }

  Shape operator()(const Activation& layer) const {
    count_inputs(1);
    check_activation(layer);
    return inputs[0];
  }

  Shape operator()(const Add& layer) const {
    check_activation(layer.activation);
    count_inputs(2);
    complain.unless(inputs[0] == inputs[1], [&] {
      return fmt::format("its inputs have shapes {} and {}; right is equal shapes", to_text(inputs[0]),
                         to_text(inputs[1]));
    });
    return inputs[0];
  }

  Shape operator()(const Multiply&) const {
    count_inputs(2);
    const Shape channels = {inputs[0][0]}, gates = {inputs[0][0], 1, 1};
    complain.unless(inputs[1] == inputs[0] || inputs[1] == channels || inputs[1] == gates, [&] {
      return fmt::format("its inputs have shapes {} and {}; right is equal shapes, or one factor a channel",
                         to_text(inputs[0]), to_text(inputs[1]));
    });
    return inputs[0];
  }

  Shape operator()(const Concatenation&) const {
    complain.unless(!inputs.empty(), [] { return "it has no inputs; right is 1 or more"; });
    Shape output = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      Shape joined = output;
      joined[0] = inputs[i][0];
      complain.unless(inputs[i] == joined, [&] {
        return fmt::format("its inputs have shapes {} and {}; right is shapes that differ in channels only",
                           to_text(inputs[0]), to_text(inputs[i]));
      });
      output[0] += inputs[i][0];
    }
    return output;
  }

  Shape operator()(const MaxPool& layer) const { return pool(layer.window); }
  Shape operator()(const AveragePool& layer) const { return pool(layer.window); }

  Shape operator()(const GlobalAveragePool&) const {
    count_inputs(1);
    check_image(complain, inputs[0]);
    return {inputs[0][0], 1, 1};
  }

  Shape operator()(const Flatten&) const {
    count_inputs(1);
    return {element_count(inputs[0])};
  }

  Shape operator()(const Softmax&) const {
    count_inputs(1);
    return inputs[0];
  }
};

/// Adds a text or a list of numbers to a hash, its length first, so that neighbours cannot run together.
template <class Values>
void hash_values(XXH3_state_t& state, const Values& values) {
  const uint64_t count = values.size();
  XXH3_128bits_update(&state, &count, sizeof count);
  XXH3_128bits_update(&state, values.data(), count * sizeof values[0]);
}

void hash_window(XXH3_state_t& state, const Window& window) {
  for (const auto& pair :
       {window.kernel, window.stride, window.padding_begin, window.padding_end, window.dilation})
    hash_values(state, pair);
}

/// Is the window the one that its kernel, its input and its output let expect: dense, with as much padding on
/// each side as keeps the size, and the smallest stride that gives the output?
bool is_plain(const Window& window, const Shape& input, const Shape& output) {
  for (size_t axis : {0, 1}) {
    const int64_t padding = (window.kernel[axis] - 1) / 2;
    if (window.dilation[axis] != 1 || window.padding_begin[axis] != padding ||
        window.padding_end[axis] != padding)
      return false;
    const int64_t free = input[axis + 1] + 2 * padding - window.kernel[axis], last = output[axis + 1] - 1;
    if (window.stride[axis] != free / (last + 1) + 1) return false;
  }
  return true;
}

/// What a layer computes besides its tensors, where it is not the plain case: so hashes of networks that had
/// only the plain case (the MLPs, CIFAR's ResNets) stay as they were. A pool has no plain window; groups
/// follow from the shapes.
///   input  the shape of its first input; empty for the network's own
void hash_settings(XXH3_state_t& state, const Layer& layer, const Shape& input) {
  const auto hash_activation = [&](const Activation& activation) {
    if (!activation || activation == relu) return;
    hash_values(state, to_text(activation.function));
    hash_values(state, std::array{activation.alpha, activation.beta});
  };
  if (const auto* activation = std::get_if<Activation>(&layer.operation)) hash_activation(*activation);
  if (const auto* convolution = std::get_if<Convolution>(&layer.operation)) {
    hash_activation(convolution->activation);
    if (!is_plain(convolution->window, input, layer.shape)) hash_window(state, convolution->window);
  }
  if (const auto* pool = std::get_if<MaxPool>(&layer.operation)) hash_window(state, pool->window);
  if (const auto* pool = std::get_if<AveragePool>(&layer.operation)) {
    hash_window(state, pool->window);
    hash_values(state, std::array{static_cast<uint8_t>(pool->count_padding)});
  }
  const auto* normalization = std::get_if<BatchNormalization>(&layer.operation);
  if (normalization && normalization->epsilon != BatchNormalization{}.epsilon)
    hash_values(state, std::array{normalization->epsilon});
  if (const auto* linear = std::get_if<Linear>(&layer.operation)) hash_activation(linear->activation);
  if (const auto* add = std::get_if<Add>(&layer.operation)) hash_activation(add->activation);
}

}  // namespace

int64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::string to_text(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string to_text(Function function) {
  // In the order of Function.
  static const std::array<const char*, 8> names = {"identity", "relu",         "leaky_relu", "clip",
                                                   "sigmoid",  "hard_sigmoid", "hard_swish", "silu"};
  return names.at(static_cast<size_t>(function));
}

std::string kind(const Layer& layer) {
  if (const auto* activation = std::get_if<Activation>(&layer.operation))
    return to_text(activation->function);
  // In the order of Operation.
  static const std::array<const char*, std::variant_size_v<Operation>> names = {
      "input",    "convolution",   "linear",   "batchnorm",    "activation",          "add",
      "multiply", "concatenation", "max_pool", "average_pool", "global_average_pool", "flatten",
      "softmax"};
  return names[layer.operation.index()];
}

Network::Network(std::string name, Shape input) : name_(std::move(name)) {
  const bool possible = (input.size() == 1 || input.size() == 3) &&
                        std::all_of(input.begin(), input.end(), [](int64_t size) { return size >= 1; });
  if (!possible)
    throw Error(
        fmt::format("network {}: an input of shape {} is impossible; right is [channels, height, width] or "
                    "[elements], each 1 or more",
                    name_, to_text(input)));
  layers_.push_back({"input", Input{}, {}, std::move(input), {}});
}

size_t Network::add(std::string name, Operation operation, std::vector<size_t> inputs) {
  const Complaint complain(name_, name);
  complain.unless(!name.empty(), [] { return "it has no name; right is a name of its own"; });
  complain.unless(
      std::none_of(layers_.begin(), layers_.end(), [&](const Layer& l) { return l.name == name; }),
      [] { return "the name is taken; right is a name of its own"; });
  std::vector<Shape> shapes;
  for (size_t input : inputs) {
    complain.unless(input < layers_.size(), [&] {
      return fmt::format("it reads layer {}; right is an earlier one, 0 to {}", input, layers_.size() - 1);
    });
    shapes.push_back(layers_[input].shape);
  }
  Shape shape = std::visit(OutputShape{complain, shapes}, operation);
  layers_.push_back({std::move(name), std::move(operation), std::move(inputs), std::move(shape), {}});
  return layers_.size() - 1;
}

size_t Network::add(std::string name, Operation operation) {
  return add(std::move(name), std::move(operation), {layers_.size() - 1});
}

Tensor* Network::weights(size_t layer) {
  Operation& operation = layers_.at(layer).operation;
  if (auto* convolution = std::get_if<Convolution>(&operation)) return &convolution->weights;
  if (auto* linear = std::get_if<Linear>(&operation)) return &linear->weights;
  return nullptr;
}

const Tensor* Network::weights(size_t layer) const {
  return const_cast<Network*>(this)->weights(layer);
}

int64_t macs(const Network& network, size_t layer) {
  const Tensor* weights = network.weights(layer);
  if (!weights) return 0;
  // Each output element takes as many as one output channel has weights.
  return element_count(network.layers()[layer].shape) * (element_count(weights->shape) / weights->shape[0]);
}

namespace {

const Window* window_of(const Operation& operation) {
  if (const auto* convolution = std::get_if<Convolution>(&operation)) return &convolution->window;
  if (const auto* pool = std::get_if<MaxPool>(&operation)) return &pool->window;
  if (const auto* pool = std::get_if<AveragePool>(&operation)) return &pool->window;
  return nullptr;
}

/// Calls visit(pixel) for each meeting of a weight of the window with a pixel, along one axis.
template <class Visit>
void for_each_meeting(const Window& window, size_t axis, int64_t positions, int64_t pixels, Visit&& visit) {
  for (int64_t position = 0; position < positions; ++position)
    for (int64_t weight = 0; weight < window.kernel[axis]; ++weight) {
      const int64_t pixel =
          position * window.stride[axis] - window.padding_begin[axis] + weight * window.dilation[axis];
      if (pixel >= 0 && pixel < pixels) visit(pixel);
    }
}

}  // namespace

int64_t macs_on_image(const Network& network, size_t layer) {
  const Layer& executed = network.layers()[layer];
  const auto* convolution = std::get_if<Convolution>(&executed.operation);
  if (!convolution) return macs(network, layer);
  const Shape& image = network.layers()[executed.inputs[0]].shape;
  int64_t meetings = 1;  // of a filter's weights with pixels, in one pair of channels
  for (size_t axis = 0; axis < 2; ++axis) {
    int64_t along_axis = 0;
    for_each_meeting(convolution->window, axis, executed.shape[axis + 1], image[axis + 1],
                     [&](int64_t) { ++along_axis; });
    meetings *= along_axis;
  }
  return meetings * convolution->weights.shape[0] * convolution->weights.shape[1];
}

double share_of_input_read(const Network& network, size_t layer) {
  const Layer& executed = network.layers()[layer];
  const Window* window = window_of(executed.operation);
  if (!window) return 1;
  const Shape& image = network.layers()[executed.inputs[0]].shape;
  double share = 1;
  for (size_t axis = 0; axis < 2; ++axis) {
    std::vector<bool> read(static_cast<size_t>(image[axis + 1]), false);
    for_each_meeting(*window, axis, executed.shape[axis + 1], image[axis + 1],
                     [&](int64_t pixel) { read[static_cast<size_t>(pixel)] = true; });
    share *=
        static_cast<double>(std::count(read.begin(), read.end(), true)) / static_cast<double>(read.size());
  }
  return share;
}

int64_t macs(const Network& network) {
  int64_t sum = 0;
  for (size_t layer = 0; layer < network.layers().size(); ++layer) sum += macs(network, layer);
  return sum;
}

int64_t parameter_count(const Network& network) {
  int64_t count = 0;
  for (const Layer& layer : network.layers())
    for_each_tensor(layer.operation, [&](const char*, const Tensor& tensor, bool trainable) {
      if (trainable) count += element_count(tensor.shape);
    });
  return count;
}

ZeroCount count_zeros(const Network& network) {
  ZeroCount count;
  for (size_t layer = 0; layer < network.layers().size(); ++layer)
    if (const Tensor* weights = network.weights(layer)) {
      for (const float value : weights->values) {
        // By their bits: a comparison takes denormals for zero where they are flushed.
        const uint32_t magnitude = std::bit_cast<uint32_t>(value) & 0x7fffffff;
        count.zeros += magnitude == 0;
        count.denormals += magnitude > 0 && magnitude < 0x00800000;
      }
      count.weights += static_cast<int64_t>(weights->values.size());
    }
  return count;
}

std::string weights_hash(const Network& network) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  for (const Layer& layer : network.layers()) {
    hash_values(state, kind(layer));
    hash_values(state, layer.inputs);
    hash_values(state, layer.shape);
    hash_settings(state, layer, layer.inputs.empty() ? Shape{} : network.layers()[layer.inputs[0]].shape);
    for_each_tensor(layer.operation, [&](const char*, const Tensor& tensor, bool) {
      hash_values(state, tensor.shape);
      hash_values(state, tensor.values);
    });
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace bitsweep
