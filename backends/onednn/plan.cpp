#include "backends/onednn/plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "backends/onednn/evidence.h"
#include "backends/onednn/layouts.h"
#include "backends/onednn/numbers.h"
#include "backends/onednn/weights.h"
#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

using Tag = memory::format_tag;
using Type = memory::data_type;

/// Of the first source only the share that is read counts.
int64_t bytes_moved(const Step& step, double share_of_source) {
  double bytes = 0;
  for (const Argument& argument : step.activations)
    bytes += static_cast<double>(argument.value.stored.layout.get_size()) *
             (argument.name == DNNL_ARG_SRC ? share_of_source : 1);
  for (const auto& [name, constant] : step.constants)
    bytes += static_cast<double>(constant.get_desc().get_size());
  return std::llround(bytes);
}

/// Walks the network once. values_[i] is the output of layer i as it lies in memory.
class Planner {
 public:
  Planner(const dnnl::engine& engine, const Network& network, const SessionRequest& request)
      : engine_(engine),
        network_(network),
        batch_(request.batch),
        int8_(request.precision == Precision::int8),
        formats_(choose_formats(network, request)) {}

  Plan make();

 private:
  const Layer& layer() const { return network_.layers()[index_]; }
  memory::dims output_dims() const;

  Value plan(const Input&);
  Value plan(const Convolution& convolution);
  Value plan(const Linear& linear);
  Value plan(const BatchNormalization&);
  Value plan(const Activation& activation);
  Value plan(const Add& add);
  Value plan(const Multiply&);
  Value plan(const Concatenation&);
  Value plan(const MaxPool& pool);
  Value plan(const AveragePool& pool);
  Value plan(const GlobalAveragePool&);
  Value plan(const Flatten&);
  Value plan(const Softmax&);
  Value plan_pooling(dnnl::algorithm kind, const Geometry& geometry);

  // Of a layer with weights:
  Type weights_type() const;
  int largest_weight() const;
  Fusion fusion_of(const Weights& weights, const Activation& activation) const;
  WeightedTensors tensors_of(const memory::dims& source, const memory::dims& weights) const;
  Value add_weighted_step(const Operator& executed, const Fusion& fusion, const Weights& weights,
                          const Tensor& bias);
  /// The shortcut in the layout of the destination, in a buffer that may be overwritten.
  Value shortcut_in_place(const Operand& destination, const NumberFormat& format);
  bool may_overwrite(const Value& value) const;

  Value new_value(const Operand& stored, Storage storage = Storage::arena);
  /// Input `number` of the layer in the format that was chosen for it, in any layout.
  Value input_in_format(size_t number);
  /// Input `number` of the layer; a vector has two dimensions even where a Flatten left it an image.
  Value input_value(size_t number);
  Value as_vector(const Value& value);
  Value as_pixel(const Value& factors, const Value& image);
  Value like(const Value& first, Value second);
  /// Input `number` of the layer as input_in_format() has it, but in fp32 where int8 computes the layer so.
  Value input_for_function(size_t number);
  /// The value itself if it is stored so already, else a copy made by a reorder.
  Value stored_as(const Value& value, const Operand& wanted, const std::string& purpose);
  Value copied_to(const Value& value, const Value& copy, const std::string& purpose);
  void add_step(Operator executed, std::vector<Argument> activations,
                std::vector<BoundMemory> constants = {});
  void write_output();

  const dnnl::engine& engine_;
  const Network& network_;
  int64_t batch_;
  bool int8_;
  std::vector<NumberFormat> formats_;
  std::vector<Value> values_;
  size_t index_ = 0;  ///< of the layer that is planned
  Plan plan_;
};

Plan Planner::make() {
  for (index_ = 0; index_ < network_.layers().size(); ++index_) {
    try {
      values_.push_back(
          std::visit([&](const auto& operation) { return plan(operation); }, layer().operation));
    } catch (const dnnl::error& error) {
      throw Error(fmt::format("oneDNN: layer '{}' ({}): {}", layer().name, kind(layer()), error.what()));
    }
    plan_.observations.push_back({values_.back(), plan_.steps.size()});
  }
  index_ = network_.layers().size() - 1;
  write_output();
  return std::move(plan_);
}

memory::dims Planner::output_dims() const {
  return with_batch(batch_, layer().shape);
}

Value Planner::plan(const Input&) {
  return new_value({row_major(output_dims(), Type::f32), {}}, Storage::input);
}

Value Planner::plan(const Convolution& convolution) {
  const Value& source = values_[layer().inputs[0]];
  const memory::dims dims = weight_dims(convolution.weights, convolution.groups);
  const Weights weights(convolution.weights, dims, weights_type(), largest_weight());
  const Fusion fusion = fusion_of(weights, convolution.activation);
  WeightedTensors tensors = tensors_of(dims_of(source.stored.layout), dims);
  // int8 kernels work with channels last. Saying so lets a signed shortcut lie under an unsigned sum: no
  // other layout can be described apart from its type.
  if (int8_ && fusion.shortcut) tensors.destination = channels_last(output_dims(), fusion.destination.type);
  const Operator executed = onednn::convolution(engine_, tensors, geometry_of(convolution.window), fusion);
  return add_weighted_step(executed, fusion, weights, convolution.bias);
}

/// An image that was not turned into a vector keeps its four dimensions, and so do the weights that belong to
/// it.
Value Planner::plan(const Linear& linear) {
  const memory::dims source_dims = dims_of(values_[layer().inputs[0]].stored.layout);
  memory::dims dims = source_dims;
  dims[0] = linear.weights.shape[0];
  const Weights weights(linear.weights, dims, weights_type(), largest_weight());
  const Fusion fusion = fusion_of(weights, linear.activation);
  const Operator executed = inner_product(engine_, tensors_of(source_dims, dims), fusion);
  return add_weighted_step(executed, fusion, weights, linear.bias);
}

Type Planner::weights_type() const {
  return int8_ ? Type::s8 : formats_[layer().inputs[0]].type;
}

/// Of int8. Without VNNI oneDNN adds two products u8 × s8 in 16 bits: 2 × 255 × 63 fits, 2 × 255 × 127 would
/// saturate. Convolutions of s8 numbers see to it themselves: oneDNN halves their weights.
int Planner::largest_weight() const {
  const bool halved =
      formats_[layer().inputs[0]].type == Type::s8 && std::holds_alternative<Convolution>(layer().operation);
  return engine_features().vnni || halved ? 127 : 63;
}

Fusion Planner::fusion_of(const Weights& weights, const Activation& activation) const {
  Fusion fusion{formats_[layer().inputs[0]], formats_[index_], weights.scales(), activation, {}};
  if (layer().inputs.size() > 1) {
    const NumberFormat shortcut = values_[layer().inputs[1]].stored.format;
    const bool fits = size_of(shortcut.type) == size_of(fusion.destination.type);
    fusion.shortcut = fits ? shortcut : fusion.destination;
  }
  return fusion;
}

/// The engine chooses all layouts but the bias's.
WeightedTensors Planner::tensors_of(const memory::dims& source, const memory::dims& weights) const {
  return {{source, formats_[layer().inputs[0]].type, Tag::any},
          {weights, weights_type(), Tag::any},
          {{layer().shape[0]}, Type::f32, Tag::a},
          {output_dims(), formats_[index_].type, Tag::any}};
}

Value Planner::add_weighted_step(const Operator& executed, const Fusion& fusion, const Weights& weights,
                                 const Tensor& bias) {
  const Value input = stored_as(values_[layer().inputs[0]], {executed.source, fusion.source}, "input");
  const Operand stored = {executed.destination, fusion.destination};
  const Value output =
      fusion.shortcut ? Value{stored, shortcut_in_place(stored, *fusion.shortcut).buffer} : new_value(stored);
  std::vector<float> biases = bias.values;
  biases.resize(static_cast<size_t>(layer().shape[0]));  // zeros where the layer has none
  add_step(executed, {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, output}},
           {{DNNL_ARG_WEIGHTS, weights.pack(engine_, executed.weights)},
            {DNNL_ARG_BIAS, pack_bias(engine_, engine_bias(std::move(biases), fusion))}});
  return output;
}

Value Planner::plan(const BatchNormalization&) {
  throw Error(
      fmt::format("oneDNN: layer '{}': batch normalization that was not folded; give the network to "
                  "fuse() first",
                  layer().name));
}

Value Planner::plan(const Activation& activation) {
  Value value = input_for_function(0);
  for (const Operator& executed : onednn::activation(engine_, activation, value.stored.layout)) {
    const Value output = new_value({executed.destination, value.stored.format});
    add_step(executed, {{DNNL_ARG_SRC, value}, {DNNL_ARG_DST, output}});
    value = output;
  }
  return value;
}

Value Planner::plan(const Softmax&) {
  const Value input = input_for_function(0);
  const Operator executed = softmax(engine_, input.stored.layout, input.stored.layout);
  const Value output = new_value({executed.destination, input.stored.format});
  add_step(executed, {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, output}});
  return output;
}

Value Planner::input_for_function(size_t number) {
  const bool real = computes_in_fp32(layer().operation) || formats_[index_].type == Type::f32;
  if (!int8_ || !real) return input_in_format(number);
  const Value value = input_value(number);
  return stored_as(value, {channels_last(dims_of(value.stored.layout), Type::f32), {}}, "input");
}

Value Planner::plan(const Add& add) {
  const Value first = input_for_function(0);
  const Value second = like(first, input_for_function(1));
  const Operator executed =
      addition(engine_, first.stored, second.stored,
               {{output_dims(), formats_[index_].type, Tag::any}, formats_[index_]}, add.activation);
  const Value output = new_value({executed.destination, formats_[index_]});
  add_step(executed, {{DNNL_ARG_SRC_0, first}, {DNNL_ARG_SRC_1, second}, {DNNL_ARG_DST, output}});
  return output;
}

Value Planner::plan(const Multiply&) {
  const Value first = input_for_function(0);
  Value second = input_for_function(1);
  const bool gates = layer().shape.size() == 3 && network_.layers()[layer().inputs[1]].shape != layer().shape;
  second = gates ? as_pixel(second, first) : like(first, second);
  const Operator executed = product(engine_, first.stored, second.stored,
                                    {{output_dims(), formats_[index_].type, Tag::any}, formats_[index_]});
  const Value output = new_value({executed.destination, formats_[index_]});
  add_step(executed, {{DNNL_ARG_SRC_0, first}, {DNNL_ARG_SRC_1, second}, {DNNL_ARG_DST, output}});
  return output;
}

/// In the layout of the first operand; one of another type stays as it is.
Value Planner::like(const Value& first, Value second) {
  if (dims_of(first.stored.layout).size() == 2) second = as_vector(second);
  if (second.stored.format.type != first.stored.format.type) return second;
  return stored_as(second, {first.stored.layout, second.stored.format}, "input");
}

/// Factors of one a channel, as an image of one pixel, in blocks of channels where the image is: other
/// layouts have no fast kernel.
Value Planner::as_pixel(const Value& factors, const Value& image) {
  Value pixel = as_vector(factors);
  const memory::dims dims = dims_of(image.stored.layout), pixel_dims = {dims[0], dims[1], 1, 1};
  const Type type = pixel.stored.format.type;
  pixel.stored.layout = channels_last(pixel_dims, type);
  for (const Tag blocks : {Tag::nChw4c, Tag::nChw8c, Tag::nChw16c})
    if (image.stored.layout == memory::desc(dims, image.stored.format.type, blocks))
      return stored_as(pixel, {{pixel_dims, type, blocks}, pixel.stored.format}, "input");
  return pixel;
}

/// All inputs in the format of the output, and in channels last, where joining channels is copying rows.
Value Planner::plan(const Concatenation&) {
  const NumberFormat format = formats_[index_];
  std::vector<memory::desc> sources;
  std::vector<Argument> arguments;
  for (size_t number = 0; number < layer().inputs.size(); ++number) {
    const Value value = input_value(number);
    const memory::desc layout = channels_last(dims_of(value.stored.layout), format.type);
    sources.push_back(layout);
    arguments.push_back(
        {DNNL_ARG_MULTIPLE_SRC + static_cast<int>(number), stored_as(value, {layout, format}, "input")});
  }
  const Operator executed = concatenation(engine_, sources, channels_last(output_dims(), format.type));
  const Value output = new_value({executed.destination, format});
  arguments.push_back({DNNL_ARG_DST, output});
  add_step(executed, std::move(arguments));
  return output;
}

Value Planner::plan(const MaxPool& pool) {
  return plan_pooling(dnnl::algorithm::pooling_max, geometry_of(pool.window));
}

Value Planner::plan(const AveragePool& pool) {
  return plan_pooling(pool.count_padding ? dnnl::algorithm::pooling_avg_include_padding
                                         : dnnl::algorithm::pooling_avg_exclude_padding,
                      geometry_of(pool.window));
}

Value Planner::plan(const GlobalAveragePool&) {
  const Shape& source = network_.layers()[layer().inputs[0]].shape;
  return plan_pooling(dnnl::algorithm::pooling_avg_exclude_padding, whole_image(source));
}

Value Planner::plan_pooling(dnnl::algorithm kind, const Geometry& geometry) {
  const Value input = input_in_format(0);
  const NumberFormat destination = formats_[index_];
  const Operator executed =
      pooling(engine_, kind, input.stored.layout, {output_dims(), destination.type, Tag::any}, geometry,
              input.stored.format.scale / destination.scale);
  const Value output = new_value({executed.destination, destination});
  add_step(executed, {{DNNL_ARG_SRC, input}, {DNNL_ARG_DST, output}});
  return output;
}

/// Vectors are row-major. With several images the reorder pays: kernels that read images in another order are
/// slower than those for vectors (VGG-16's first linear layer, fp32, batch 16, generation 2: 107 against 22
/// ms). For one image it does not (8.6 against 15.4 ms), unless in int8, where both take the same time and
/// generation 3 (3.13, AVX2) takes weights in another order than the image's. An image of 1 × 1 has only one
/// order.
Value Planner::plan(const Flatten&) {
  const Value value = values_[layer().inputs[0]];
  const memory::dims dims = dims_of(value.stored.layout);
  if (dims.size() < 4 || dims[2] * dims[3] == 1) return value;
  const bool in_order = value.stored.layout == row_major(dims, value.stored.format.type);
  if (batch_ == 1 && !in_order && !int8_) return value;
  return as_vector(value);
}

/// Images of one pixel have only one order, unless the engine pads their channels.
Value Planner::as_vector(const Value& value) {
  const memory::dims dims = dims_of(value.stored.layout);
  if (dims.size() == 2) return value;
  const Type type = value.stored.format.type;
  const memory::desc vectors = row_major({dims[0], dims[1] * dims[2] * dims[3]}, type);
  Value vector = value;
  if (dims[2] * dims[3] > 1 || value.stored.layout.get_size() != vectors.get_size())
    vector = stored_as(value, {row_major(dims, type), value.stored.format}, "input");
  vector.stored.layout = vectors;
  return vector;
}

Value Planner::shortcut_in_place(const Operand& destination, const NumberFormat& format) {
  const memory::desc layout =
      format.type == destination.format.type ? destination.layout : channels_last(output_dims(), format.type);
  const Value shortcut = stored_as(values_[layer().inputs[1]], {layout, format}, "shortcut");
  if (may_overwrite(shortcut)) return shortcut;
  return copied_to(shortcut, new_value(shortcut.stored), "shortcut");
}

/// fuse() promises it, but a network may have been built by hand.
bool Planner::may_overwrite(const Value& value) const {
  if (plan_.buffers[value.buffer].storage == Storage::input) return false;
  const auto lies_there = [&](size_t input) {
    return input < index_ && values_[input].buffer == value.buffer;
  };
  if (lies_there(layer().inputs[0])) return false;
  for (size_t later = index_ + 1; later < network_.layers().size(); ++later) {
    const std::vector<size_t>& inputs = network_.layers()[later].inputs;
    if (std::any_of(inputs.begin(), inputs.end(), lies_there)) return false;
  }
  return true;
}

Value Planner::new_value(const Operand& stored, Storage storage) {
  plan_.buffers.push_back({stored.layout.get_size(), storage});
  return {stored, plan_.buffers.size() - 1};
}

Value Planner::input_value(size_t number) {
  const size_t input = layer().inputs[number];
  return network_.layers()[input].shape.size() == 1 ? as_vector(values_[input]) : values_[input];
}

Value Planner::input_in_format(size_t number) {
  const Value value = input_value(number);
  const NumberFormat format = formats_[layer().inputs[number]];
  if (value.stored.format == format) return value;
  return stored_as(value, {channels_last(dims_of(value.stored.layout), format.type), format}, "input");
}

Value Planner::stored_as(const Value& value, const Operand& wanted, const std::string& purpose) {
  if (value.stored.layout == wanted.layout && value.stored.format == wanted.format) return value;
  return copied_to(value, new_value(wanted), purpose);
}

Value Planner::copied_to(const Value& value, const Value& copy, const std::string& purpose) {
  Operator executed = reorder(engine_, value.stored, copy.stored);
  add_step(std::move(executed), {{DNNL_ARG_FROM, value}, {DNNL_ARG_TO, copy}});
  plan_.steps.back().record.name = fmt::format("{} {}", layer().name, purpose);
  plan_.steps.back().record.kind = "reorder";
  plan_.steps.back().record.macs = 0;
  plan_.steps.back().record.bytes = bytes_moved(plan_.steps.back(), 1);
  return copy;
}

void Planner::add_step(Operator executed, std::vector<Argument> activations,
                       std::vector<BoundMemory> constants) {
  LayerRecord record;
  record.name = layer().name;
  record.kind = kind(layer());
  record.implementation = executed.implementation;
  record.data_types = data_types(executed);
  record.isa = isa_of(executed.implementation);
  record.layouts = layouts(executed);
  record.macs = macs(network_, index_) * batch_;
  plan_.steps.push_back(
      {std::move(record), std::move(executed), std::move(activations), std::move(constants)});
  plan_.steps.back().record.bytes = bytes_moved(plan_.steps.back(), share_of_input_read(network_, index_));
}

/// The last layer writes into the caller's memory if it can.
void Planner::write_output() {
  const Value& last = values_.back();
  const Operand wanted = {row_major(dims_of(last.stored.layout), Type::f32), {}};
  Buffer& buffer = plan_.buffers[last.buffer];
  const bool as_wanted = last.stored.layout == wanted.layout && last.stored.format == wanted.format;
  if (as_wanted && buffer.storage == Storage::arena)
    buffer.storage = Storage::output;
  else
    copied_to(last, new_value(wanted, Storage::output), "output");
}

}  // namespace

Plan make_plan(const dnnl::engine& engine, const Network& network, const SessionRequest& request) {
  return Planner(engine, network, request).make();
}

}  // namespace bitsweep::onednn
