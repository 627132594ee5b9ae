#include "backends/onednn/training_graph.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include <fmt/format.h>
#include <omp.h>

#include "backends/onednn/layouts.h"
#include "backends/onednn/weights.h"
#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

using Type = memory::data_type;

/// Weight of a batch's statistics in the running ones; PyTorch's default.
constexpr float statistics_momentum = 0.1F;

std::span<float> floats(const memory& held) {
  return {static_cast<float*>(held.get_data_handle()), held.get_desc().get_size() / sizeof(float)};
}

memory::dims dims_of(const Tensor& tensor) {
  return {tensor.shape.begin(), tensor.shape.end()};
}

void check_unfused(const Layer& layer, const Activation& activation) {
  if (activation || (layer.inputs.size() > 1 && !std::holds_alternative<Add>(layer.operation)))
    throw Error(fmt::format(
        "training: layer '{}' has another layer folded in; right is the form before fuse()", layer.name));
}

}  // namespace

std::span<float> Parameter::values() const {
  return floats(value);
}

std::span<float> Parameter::gradients() const {
  return floats(gradient);
}

TrainingGraph::TrainingGraph(const Network& network, int64_t batch, int threads, Type type)
    : batch_(batch),
      threads_(threads),
      type_(type),
      engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      nodes_(network.layers().size()) {
  omp_set_num_threads(threads_);
  const std::vector<Layer>& layers = network.layers();
  for (size_t index = 0; index < layers.size(); ++index) {
    const auto* activation = std::get_if<Activation>(&layers[index].operation);
    is_relu_.push_back(activation && *activation == relu);
    for (const size_t input : layers[index].inputs) nodes_[input].readers.push_back(index);
  }
  for (index_ = 0; index_ < layers.size(); ++index_) {
    try {
      std::visit([&](const auto& operation) { add(layers[index_], operation); }, layers[index_].operation);
    } catch (const dnnl::error& error) {
      throw Error(fmt::format("training: layer '{}' ({}): {}", layers[index_].name, kind(layers[index_]),
                              error.what()));
    }
  }
  const memory& output = nodes_.back().value;
  outputs_ = make_memory(row_major(onednn::dims_of(output.get_desc()), Type::f32));
  output_gradient_ = make_memory(outputs_.get_desc());
  write_outputs_.push_back(copy(output, outputs_));
  nodes_.back().gradient = make_memory(output.get_desc());
  read_gradient_.push_back(copy(output_gradient_, nodes_.back().gradient));
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    // What no reader writes, for nothing behind it reaches the output, has no gradient to hand on.
    if (node->plan_backward && node->gradient) node->plan_backward();
    node->plan_backward = {};
  }
  allocate_scratchpad();
}

TrainingGraph::Node& TrainingGraph::begin_node(const Layer& layer, bool has_parameters) {
  Node& added = node();
  added.wants_gradient = has_parameters;
  for (const size_t input : layer.inputs) added.wants_gradient |= nodes_[input].wants_gradient;
  added.value = make_memory(channels_last(with_batch(batch_, layer.shape), type_));
  return added;
}

void TrainingGraph::add(const Layer& layer, const Input&) {
  begin_node(layer, false);
  images_ = make_memory(row_major(with_batch(batch_, layer.shape), Type::f32));
  read_images_.push_back(copy(images_, node().value));
}

void TrainingGraph::add(const Layer& layer, const Convolution& convolution) {
  check_unfused(layer, convolution.activation);
  const memory::dims dims = weight_dims(convolution.weights, convolution.groups);
  add_weighted(layer, convolution.weights, convolution.bias, {dims, type_, memory::format_tag::any},
               {dims, Type::f32, memory::format_tag::any},
               [&](const WeightedTensors& tensors, const memory::desc& gradient) {
                 return convolution_training(engine_, tensors, gradient, geometry_of(convolution.window));
               });
}

void TrainingGraph::add(const Layer& layer, const Linear& linear) {
  check_unfused(layer, linear.activation);
  // Row-major: repacking in each step would cost more than it gains in layers that see few images.
  const memory::dims dims = dims_of(linear.weights);
  add_weighted(layer, linear.weights, linear.bias, row_major(dims, type_), row_major(dims, Type::f32),
               [&](const WeightedTensors& tensors, const memory::desc& gradient) {
                 return inner_product_training(engine_, tensors, gradient);
               });
}

void TrainingGraph::add_weighted(const Layer& layer, const Tensor& weights, const Tensor& bias,
                                 const memory::desc& layout, const memory::desc& gradient_layout,
                                 const Describe& describe) {
  Node& added = begin_node(layer, true);
  const size_t source = layer.inputs[0];
  Parameter weight = add_parameter("weight", weights);
  const memory::desc in_order = row_major(onednn::dims_of(layout), Type::f32);
  weight.value = view(weight.value, in_order);
  weight.gradient = view(weight.gradient, in_order);
  const bool has_bias = bias != Tensor{};
  const Parameter offset = has_bias ? add_parameter("bias", bias) : Parameter{};
  const WeightedPasses passes =
      describe({nodes_[source].value.get_desc(), layout, has_bias ? offset.value.get_desc() : memory::desc(),
                added.value.get_desc()},
               gradient_layout);
  const bool as_stored = passes.forward.weights == in_order;
  const memory packed = as_stored ? weight.value : make_memory(passes.forward.weights);
  std::vector<BoundMemory> arguments = {
      {DNNL_ARG_SRC, nodes_[source].value}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, added.value}};
  if (has_bias) arguments.emplace_back(DNNL_ARG_BIAS, offset.value);
  if (!as_stored) added.forward.push_back(copy(weight.value, packed));
  added.forward.push_back(call(passes.forward, arguments));
  added.plan_backward = [=, this, index = index_] {
    plan_weighted_backward(index, source, passes, weight, offset.gradient, packed);
  };
}

void TrainingGraph::plan_weighted_backward(size_t index, size_t source, const WeightedPasses& passes,
                                           const Parameter& weight, const memory& bias_gradient,
                                           const memory& packed) {
  Node& planned = nodes_[index];
  const bool as_stored = passes.backward_weights.weights == weight.gradient.get_desc();
  const memory gradient = as_stored ? weight.gradient : make_memory(passes.backward_weights.weights);
  std::vector<BoundMemory> arguments = {{DNNL_ARG_SRC, nodes_[source].value},
                                        {DNNL_ARG_DIFF_DST, planned.gradient},
                                        {DNNL_ARG_DIFF_WEIGHTS, gradient}};
  if (bias_gradient) arguments.emplace_back(DNNL_ARG_DIFF_BIAS, bias_gradient);
  planned.backward.push_back(call(passes.backward_weights, arguments));
  if (!as_stored) planned.backward.push_back(copy(gradient, weight.gradient));
  if (!nodes_[source].wants_gradient) return;
  memory weights = packed;
  if (passes.backward_data.weights != packed.get_desc()) {
    weights = make_memory(passes.backward_data.weights);
    planned.backward.push_back(copy(weight.value, weights));
  }
  contribute(source, planned.backward, [&](const memory& written) {
    return call(
        passes.backward_data,
        {{DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_DST, planned.gradient}, {DNNL_ARG_DIFF_SRC, written}});
  });
}

void TrainingGraph::add(const Layer& layer, const BatchNormalization& normalization) {
  Node& added = begin_node(layer, true);
  const size_t source = layer.inputs[0];
  const Parameter scale = add_parameter("weight", normalization.scale);
  const Parameter shift = add_parameter("bias", normalization.shift);
  const memory mean = make_memory(scale.value.get_desc()), variance = make_memory(scale.value.get_desc());
  const auto averaged = static_cast<double>(batch_ * element_count(layer.shape) / layer.shape[0]);
  normalizations_.push_back({index_, mean, variance, normalization.mean.values, normalization.variance.values,
                             averaged / std::max(averaged - 1, 1.0)});
  added.gives_relu = added.takes_relu_gradient = followed_by_relu_only();
  const PairedPasses passes =
      batch_normalization_training(engine_, added.value.get_desc(), normalization.epsilon, added.gives_relu);
  const memory workspace = make_memory(passes.workspace);
  added.forward = {call(passes.forward, {{DNNL_ARG_SRC, nodes_[source].value},
                                         {DNNL_ARG_SCALE, scale.value},
                                         {DNNL_ARG_SHIFT, shift.value},
                                         {DNNL_ARG_MEAN, mean},
                                         {DNNL_ARG_VARIANCE, variance},
                                         {DNNL_ARG_WORKSPACE, workspace},
                                         {DNNL_ARG_DST, added.value}})};
  added.plan_backward = [=, this, index = index_] {
    const auto write = [&](const memory& written) {
      return call(passes.backward, {{DNNL_ARG_SRC, nodes_[source].value},
                                    {DNNL_ARG_SCALE, scale.value},
                                    {DNNL_ARG_SHIFT, shift.value},
                                    {DNNL_ARG_MEAN, mean},
                                    {DNNL_ARG_VARIANCE, variance},
                                    {DNNL_ARG_WORKSPACE, workspace},
                                    {DNNL_ARG_DIFF_DST, nodes_[index].gradient},
                                    {DNNL_ARG_DIFF_SCALE, scale.gradient},
                                    {DNNL_ARG_DIFF_SHIFT, shift.gradient},
                                    {DNNL_ARG_DIFF_SRC, written}});
    };
    if (nodes_[source].wants_gradient)
      contribute(source, nodes_[index].backward, write);
    else  // the pass also gives the gradients of scale and shift
      nodes_[index].backward.push_back(write(make_memory(nodes_[source].value.get_desc())));
  };
}

void TrainingGraph::add(const Layer& layer, const Activation& activation) {
  if (activation != relu) refuse(layer);
  Node& added = begin_node(layer, false);
  const size_t source = layer.inputs[0];
  const PairedPasses passes = relu_training(engine_, added.value.get_desc());
  added.in_place = may_overwrite(source);
  if (added.in_place) added.value = nodes_[source].value;
  if (!nodes_[source].gives_relu)
    added.forward = {
        call(passes.forward, {{DNNL_ARG_SRC, nodes_[source].value}, {DNNL_ARG_DST, added.value}})};
  added.plan_backward = [=, this, index = index_] {
    Node& planned = nodes_[index];
    const auto write = [&](const memory& written) {
      return call(passes.backward, {{DNNL_ARG_DST, planned.value},
                                    {DNNL_ARG_DIFF_DST, planned.gradient},
                                    {DNNL_ARG_DIFF_SRC, written}});
    };
    if (!planned.in_place) return contribute(source, planned.backward, write);
    nodes_[source].gradient = planned.gradient;
    if (!nodes_[source].takes_relu_gradient) planned.backward.push_back(write(planned.gradient));
  };
}

void TrainingGraph::add(const Layer& layer, const Add& addition) {
  check_unfused(layer, addition.activation);
  Node& added = begin_node(layer, false);
  const size_t first = layer.inputs[0], second = layer.inputs[1];
  if (first != second && may_overwrite(first) && !is_relu_[first]) added.value = nodes_[first].value;
  added.gives_relu = followed_by_relu_only();
  added.forward = {
      sum(nodes_[first].value, nodes_[second].value, added.value, added.gives_relu ? relu : Activation{})};
  added.plan_backward = [=, this, index = index_] {
    Node& planned = nodes_[index];
    for (const auto& [operand, other] : {std::pair{first, second}, {second, first}}) {
      Node& wanting = nodes_[operand];
      if (wanting.wants_gradient && !wanting.gradient && may_share_gradient(operand, other, index))
        wanting.gradient = planned.gradient;
      else
        contribute(operand, planned.backward,
                   [&](const memory& written) { return copy(planned.gradient, written); });
    }
  };
}

void TrainingGraph::add(const Layer& layer, const MaxPool& pool) {
  add_pool(layer, dnnl::algorithm::pooling_max, geometry_of(pool.window));
}

void TrainingGraph::add(const Layer& layer, const AveragePool& pool) {
  add_pool(layer,
           pool.count_padding ? dnnl::algorithm::pooling_avg_include_padding
                              : dnnl::algorithm::pooling_avg_exclude_padding,
           geometry_of(pool.window));
}

void TrainingGraph::add(const Layer& layer, const GlobalAveragePool&) {
  const memory::dims dims = onednn::dims_of(nodes_[layer.inputs[0]].value.get_desc());
  add_pool(layer, dnnl::algorithm::pooling_avg_exclude_padding, whole_image({dims[1], dims[2], dims[3]}));
}

void TrainingGraph::add_pool(const Layer& layer, dnnl::algorithm kind, const Geometry& geometry) {
  Node& added = begin_node(layer, false);
  const size_t source = layer.inputs[0];
  const PairedPasses passes =
      pooling_training(engine_, kind, nodes_[source].value.get_desc(), added.value.get_desc(), geometry);
  const memory workspace = make_memory(passes.workspace);
  added.forward = {call(
      passes.forward,
      {{DNNL_ARG_SRC, nodes_[source].value}, {DNNL_ARG_WORKSPACE, workspace}, {DNNL_ARG_DST, added.value}})};
  added.plan_backward = [=, this, index = index_] {
    contribute(source, nodes_[index].backward, [&](const memory& written) {
      return call(passes.backward, {{DNNL_ARG_DIFF_DST, nodes_[index].gradient},
                                    {DNNL_ARG_WORKSPACE, workspace},
                                    {DNNL_ARG_DIFF_SRC, written}});
    });
  };
}

/// Vectors are row-major. One channel or one pixel lies so in channels last too, and nothing is moved.
void TrainingGraph::add(const Layer& layer, const Flatten&) {
  Node& added = begin_node(layer, false);
  const size_t source = layer.inputs[0];
  const memory::desc image = nodes_[source].value.get_desc();
  const memory::dims dims = onednn::dims_of(image);
  const memory::desc in_order = row_major(dims, type_);
  const memory::desc vectors = added.value.get_desc();
  added.in_place = dims.size() < 4 || dims[1] == 1 || dims[2] * dims[3] == 1;
  if (added.in_place)
    added.value = view(nodes_[source].value, vectors);
  else
    added.forward = {copy(nodes_[source].value, view(added.value, in_order))};
  added.plan_backward = [=, this, index = index_] {
    Node& planned = nodes_[index];
    Node& wanting = nodes_[source];
    if (planned.in_place && wanting.wants_gradient && !wanting.gradient)
      wanting.gradient = view(planned.gradient, image);
    else
      contribute(source, planned.backward, [&](const memory& written) {
        return copy(view(planned.gradient, planned.in_place ? image : in_order), written);
      });
  };
}

void TrainingGraph::refuse(const Layer& layer) {
  throw Error(fmt::format(
      "training: layer '{}': {} cannot be trained; convolution, linear, batchnorm, relu, add, pooling and "
      "flatten can",
      layer.name, kind(layer)));
}

bool TrainingGraph::may_overwrite(size_t source) const {
  return source != 0 && nodes_[source].readers.size() == 1 && !nodes_[source].in_place;
}

bool TrainingGraph::followed_by_relu_only() const {
  const std::vector<size_t>& readers = nodes_[index_].readers;
  return readers.size() == 1 && is_relu_[readers[0]];
}

void TrainingGraph::contribute(size_t source, std::vector<Call>& calls,
                               const std::function<Call(const memory&)>& write) {
  Node& wanting = nodes_[source];
  if (!wanting.wants_gradient) return;
  const memory share = make_memory(wanting.value.get_desc());
  calls.push_back(write(share));
  if (wanting.gradient)
    calls.push_back(sum(wanting.gradient, share, wanting.gradient));
  else
    wanting.gradient = share;
}

/// The memory is changed at the turn of each other reader of `operand`, which adds to it, and at that of
/// `operand` itself if it works in place. By then `other` must have had its turn: the backward pass goes from
/// the last layer to the first.
bool TrainingGraph::may_share_gradient(size_t operand, size_t other, size_t sum) const {
  if (operand == other) return false;
  const Node& sharing = nodes_[operand];
  if (sharing.in_place && operand >= other) return false;
  return std::all_of(sharing.readers.begin(), sharing.readers.end(),
                     [&](size_t reader) { return reader == sum || reader < other; });
}

/// Of the layer that is being added.
Parameter TrainingGraph::add_parameter(const std::string& name, const Tensor& tensor) {
  const memory::desc layout = row_major(dims_of(tensor), Type::f32);
  parameters_.push_back({index_, name, make_memory(layout), make_memory(layout)});
  std::copy(tensor.values.begin(), tensor.values.end(), parameters_.back().values().begin());
  return parameters_.back();
}

Call TrainingGraph::call(const Operator& executed, std::vector<BoundMemory> arguments) {
  if (executed.scratchpad.get_size() > 0) {
    scratchpads_.emplace_back(executed.scratchpad, engine_, nullptr);
    arguments.emplace_back(DNNL_ARG_SCRATCHPAD, scratchpads_.back());
  }
  std::erase_if(arguments, [](const BoundMemory& bound) { return bound.second.get_desc().get_size() == 0; });
  return {executed.primitive, arguments};
}

Call TrainingGraph::copy(const memory& from, const memory& to) {
  return call(reorder(engine_, {from.get_desc(), {}}, {to.get_desc(), {}}),
              {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

Call TrainingGraph::sum(const memory& first, const memory& second, const memory& to,
                        const Activation& activation) {
  return call(
      addition(engine_, {first.get_desc(), {}}, {second.get_desc(), {}}, {to.get_desc(), {}}, activation),
      {{DNNL_ARG_SRC_0, first}, {DNNL_ARG_SRC_1, second}, {DNNL_ARG_DST, to}});
}

void TrainingGraph::allocate_scratchpad() {
  size_t largest = 0;
  for (const memory& part : scratchpads_) largest = std::max(largest, part.get_desc().get_size());
  scratchpad_ = std::make_unique<AlignedMemory>(largest);
  for (memory& part : scratchpads_) part.set_data_handle(scratchpad_->data());
}

std::span<const float> TrainingGraph::forward(std::span<const float> images) {
  omp_set_num_threads(threads_);
  images_.set_data_handle(const_cast<float*>(images.data()));  // only read, but oneDNN has no memory for that
  for (const Call& call : read_images_) call.execute(stream_);
  for (const Node& node : nodes_)
    for (const Call& call : node.forward) call.execute(stream_);
  for (const Call& call : write_outputs_) call.execute(stream_);
  stream_.wait();
  update_statistics();
  return floats(outputs_);
}

double TrainingGraph::backward(std::span<const int32_t> labels, float label_smoothing) {
  const double loss =
      softmax_cross_entropy(floats(outputs_), labels, floats(output_gradient_), label_smoothing);
  for (const Call& call : read_gradient_) call.execute(stream_);
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node)
    for (const Call& call : node->backward) call.execute(stream_);
  stream_.wait();
  return loss;
}

void TrainingGraph::update_statistics() {
  for (Normalization& normalization : normalizations_)
    for (size_t channel = 0; channel < normalization.running_mean.size(); ++channel) {
      const auto move = [](float& running, double batch) {
        running += statistics_momentum * (static_cast<float>(batch) - running);
      };
      move(normalization.running_mean[channel], floats(normalization.mean)[channel]);
      move(normalization.running_variance[channel],
           floats(normalization.variance)[channel] * normalization.unbiased);
    }
}

void TrainingGraph::store(Network& network) const {
  for (const Parameter& parameter : parameters_)
    network.visit_tensors(parameter.layer, [&](const std::string& name, Tensor& tensor, bool) {
      if (name == parameter.name) std::ranges::copy(parameter.values(), tensor.values.begin());
    });
  for (const Normalization& normalization : normalizations_)
    network.visit_tensors(normalization.layer, [&](const std::string& name, Tensor& tensor, bool) {
      if (name == "running_mean") tensor.values = normalization.running_mean;
      if (name == "running_var") tensor.values = normalization.running_variance;
    });
}

double softmax_cross_entropy(std::span<const float> outputs, std::span<const int32_t> labels,
                             std::span<float> gradient, float label_smoothing) {
  const size_t classes = outputs.size() / labels.size();
  const auto batch = static_cast<double>(labels.size());
  const double each = label_smoothing / static_cast<double>(classes);
  double loss = 0;
  for (size_t image = 0; image < labels.size(); ++image) {
    const auto row = outputs.subspan(image * classes, classes);
    const auto target = static_cast<size_t>(labels[image]);
    const double largest = *std::max_element(row.begin(), row.end());  // keeps exp() from overflowing
    double sum = 0, mean = 0;
    for (const float output : row) {
      sum += std::exp(output - largest);
      mean += output / static_cast<double>(classes);
    }
    for (size_t index = 0; index < classes; ++index) {
      const double probability = std::exp(row[index] - largest) / sum;
      const double wanted = each + (index == target ? 1 - label_smoothing : 0);
      gradient[image * classes + index] = static_cast<float>((probability - wanted) / batch);
    }
    loss += std::log(sum) + largest - (1 - label_smoothing) * row[target] - label_smoothing * mean;
  }
  return loss / batch;
}

}  // namespace bitsweep::onednn
