#include "backends/onednn/training_graph.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/format.h>
#include <omp.h>

#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

std::span<float> floats(const memory& held) {
  return {static_cast<float*>(held.get_data_handle()), held.get_desc().get_size() / sizeof(float)};
}

memory::desc row_major(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (size_t dim = dims.size() - 1; dim-- > 0;) strides[dim] = strides[dim + 1] * dims[dim + 1];
  return {dims, memory::data_type::f32, strides};
}

memory::dims with_batch(int64_t batch, const Shape& shape) {
  memory::dims dims = {batch};
  dims.insert(dims.end(), shape.begin(), shape.end());
  return dims;
}

/// Gradients are overwritten, not summed up, so that each layer must have one reader.
void check_readers(const Network& network) {
  std::vector<int> readers(network.layers().size(), 0);
  for (const Layer& layer : network.layers())
    for (const size_t input : layer.inputs) ++readers[input];
  for (size_t index = 0; index + 1 < readers.size(); ++index)
    if (readers[index] != 1)
      throw Error(
          fmt::format("training: layer '{}' is read {} times; training takes networks without branches",
                      network.layers()[index].name, readers[index]));
}

}  // namespace

std::span<float> Parameter::values() const {
  return floats(value);
}

std::span<float> Parameter::gradients() const {
  return floats(gradient);
}

TrainingGraph::TrainingGraph(const Network& network, int64_t batch, int threads)
    : batch_(batch), threads_(threads), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
  omp_set_num_threads(threads_);
  check_readers(network);
  for (const Layer& layer : network.layers())
    std::visit([&](const auto& operation) { add(layer, operation); }, layer.operation);
}

void TrainingGraph::add(const Layer& layer, const Input&) {
  nodes_.push_back(make_node(layer.shape, false));
}

void TrainingGraph::add(const Layer& layer, const Linear& linear) {
  if (linear.activation)
    throw Error(fmt::format(
        "training: layer '{}' has its activation folded in; right is the form before fuse()", layer.name));
  if (linear.bias == Tensor{})
    throw Error(fmt::format("training: layer '{}' has no bias; a bias of zeros would be right", layer.name));
  Node& source = source_of(layer);
  Node node = make_node(layer.shape, true);
  const Parameter weight = add_parameter("weight", linear.weights);
  const Parameter bias = add_parameter("bias", linear.bias);
  const TrainingPasses passes = inner_product_training(
      engine_,
      {source.value.get_desc(), weight.value.get_desc(), bias.value.get_desc(), node.value.get_desc()});
  node.forward = {call(passes.forward, {{DNNL_ARG_SRC, source.value},
                                        {DNNL_ARG_WEIGHTS, weight.value},
                                        {DNNL_ARG_BIAS, bias.value},
                                        {DNNL_ARG_DST, node.value}})};
  node.backward = {call(passes.backward_weights, {{DNNL_ARG_SRC, source.value},
                                                  {DNNL_ARG_DIFF_DST, node.gradient},
                                                  {DNNL_ARG_DIFF_WEIGHTS, weight.gradient},
                                                  {DNNL_ARG_DIFF_BIAS, bias.gradient}})};
  if (source.wants_gradient)
    node.backward.push_back(call(passes.backward_data, {{DNNL_ARG_WEIGHTS, weight.value},
                                                        {DNNL_ARG_DIFF_DST, node.gradient},
                                                        {DNNL_ARG_DIFF_SRC, source.gradient}}));
  nodes_.push_back(std::move(node));
}

void TrainingGraph::add(const Layer& layer, const Activation& activation) {
  if (activation != relu) refuse(layer);
  Node& source = source_of(layer);
  Node node = make_node(layer.shape, source.wants_gradient);
  const TrainingPasses passes = relu_training(engine_, source.value.get_desc());
  node.forward = {call(passes.forward, {{DNNL_ARG_SRC, source.value}, {DNNL_ARG_DST, node.value}})};
  if (source.wants_gradient)
    node.backward = {call(passes.backward_data, {{DNNL_ARG_SRC, source.value},
                                                 {DNNL_ARG_DIFF_DST, node.gradient},
                                                 {DNNL_ARG_DIFF_SRC, source.gradient}})};
  nodes_.push_back(std::move(node));
}

/// The same memory seen as vectors.
void TrainingGraph::add(const Layer& layer, const Flatten&) {
  const Node& source = source_of(layer);
  const memory::desc vectors = row_major(with_batch(batch_, layer.shape));
  Node node;
  node.value = memory(vectors, engine_, source.value.get_data_handle());
  node.gradient = memory(vectors, engine_, source.gradient.get_data_handle());
  node.wants_gradient = source.wants_gradient;
  nodes_.push_back(std::move(node));
}

void TrainingGraph::refuse(const Layer& layer) {
  throw Error(fmt::format("training: layer '{}': {} cannot be trained yet; linear, relu and flatten can",
                          layer.name, kind(layer)));
}

TrainingGraph::Node TrainingGraph::make_node(const Shape& shape, bool wants_gradient) const {
  const memory::desc layout = row_major(with_batch(batch_, shape));
  Node node;
  node.value = memory(layout, engine_);
  node.gradient = memory(layout, engine_);
  node.wants_gradient = wants_gradient;
  return node;
}

/// Of the layer that is being added, whose index is the number of nodes so far.
const Parameter& TrainingGraph::add_parameter(const std::string& name, const Tensor& tensor) {
  const memory::desc layout = row_major(tensor.shape);
  parameters_.push_back({nodes_.size(), name, memory(layout, engine_), memory(layout, engine_)});
  std::copy(tensor.values.begin(), tensor.values.end(), parameters_.back().values().begin());
  return parameters_.back();
}

Call TrainingGraph::call(const Operator& executed, std::vector<BoundMemory> arguments) const {
  arguments.emplace_back(DNNL_ARG_SCRATCHPAD, memory(executed.scratchpad, engine_));
  return {executed.primitive, arguments};
}

std::span<const float> TrainingGraph::forward(std::span<const float> images) {
  omp_set_num_threads(threads_);
  std::copy(images.begin(), images.end(), floats(nodes_.front().value).begin());
  for (const Node& node : nodes_)
    for (const Call& call : node.forward) call.execute(stream_);
  stream_.wait();
  return floats(nodes_.back().value);
}

double TrainingGraph::backward(std::span<const int32_t> labels) {
  const double loss =
      softmax_cross_entropy(floats(nodes_.back().value), labels, floats(nodes_.back().gradient));
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node)
    for (const Call& call : node->backward) call.execute(stream_);
  stream_.wait();
  return loss;
}

void TrainingGraph::descend(float learning_rate) {
  for (const Parameter& parameter : parameters_) {
    float* values = parameter.values().data();
    const float* gradients = parameter.gradients().data();
    const auto count = static_cast<int64_t>(parameter.values().size());
#pragma omp parallel for simd
    for (int64_t index = 0; index < count; ++index) values[index] -= learning_rate * gradients[index];
  }
}

void TrainingGraph::store(Network& network) const {
  for (const Parameter& parameter : parameters_)
    network.visit_tensors(parameter.layer, [&](const std::string& name, Tensor& tensor, bool) {
      if (name == parameter.name) std::ranges::copy(parameter.values(), tensor.values.begin());
    });
}

double softmax_cross_entropy(std::span<const float> outputs, std::span<const int32_t> labels,
                             std::span<float> gradient) {
  const size_t classes = outputs.size() / labels.size();
  const auto batch = static_cast<double>(labels.size());
  double loss = 0;
  for (size_t image = 0; image < labels.size(); ++image) {
    const auto row = outputs.subspan(image * classes, classes);
    const auto target = static_cast<size_t>(labels[image]);
    const double largest = *std::max_element(row.begin(), row.end());  // keeps exp() from overflowing
    double sum = 0;
    for (const float output : row) sum += std::exp(output - largest);
    for (size_t index = 0; index < classes; ++index) {
      const double probability = std::exp(row[index] - largest) / sum;
      gradient[image * classes + index] =
          static_cast<float>((probability - (index == target ? 1 : 0)) / batch);
    }
    loss += std::log(sum) + largest - row[target];
  }
  return loss / batch;
}

}  // namespace bitsweep::onednn
