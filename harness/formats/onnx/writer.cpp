#include "harness/formats/onnx/writer.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "harness/compression/quantization.h"
#include "harness/error.h"
#include "harness/formats/onnx/model.h"

namespace bitsweep::onnx {
namespace {

/// Layers that move or select numbers, and so keep their scale.
bool keeps_scale(const Operation& operation) {
  const auto* activation = std::get_if<Activation>(&operation);
  return std::holds_alternative<MaxPool>(operation) || std::holds_alternative<Flatten>(operation) ||
         (activation && *activation == relu);
}

/// Layers that engines compute in fp32 or int32 sums: as the last they need no rounding to int8.
bool can_end_in_fp32(const Operation& operation) {
  return !keeps_scale(operation) && !std::holds_alternative<AveragePool>(operation) &&
         !std::holds_alternative<GlobalAveragePool>(operation) &&
         !std::holds_alternative<Concatenation>(operation);
}

/// Writes layer after layer; each leaves the name of its output for those that read it.
class Writer {
 public:
  Writer(const Network& network, const OnnxExport& with)
      : layers_(network.layers()), with_(with), model_(network, with.batch) {}

  Model write() {
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      layer_ = &layers_[layer];
      value_ = layer == 0 ? model_.input() : "";
      std::visit([&](const auto& operation) { write(operation); }, layer_->operation);
      if (int8()) quantize_output(layer);
      values_.push_back(value_);
    }
    model_.finish(value_, layers_.back().shape, with_.metadata);
    return std::move(model_);
  }

 private:
  bool int8() const { return !with_.ranges.empty(); }
  const std::string& input(size_t index) const { return values_[layer_->inputs[index]]; }
  const Shape& input_shape(size_t index) const { return layers_[layer_->inputs[index]].shape; }
  std::string name_of(const char* part) const { return fmt::format("{}.{}", layer_->name, part); }

  void node(const char* type, std::vector<std::string> inputs) {
    value_ = model_.add(type, layer_->name, inputs);
  }

  // ---- int8

  void quantize_output(size_t layer) {
    const Operation& operation = layer_->operation;
    stored_.push_back(keeps_scale(operation) ? stored_[layer_->inputs[0]] : store_range(with_.ranges[layer]));
    if (layer + 1 == layers_.size() && can_end_in_fp32(operation)) return;
    const StoredRange& stored = stored_.back();
    const std::string scale = model_.keep(name_of("scale"), {}, std::vector<float>{stored.scale});
    const std::string zero_point = stored.is_unsigned
                                       ? model_.keep(name_of("zero_point"), {}, std::vector<uint8_t>{0})
                                       : model_.keep(name_of("zero_point"), {}, std::vector<int8_t>{0});
    value_ = model_.add("QuantizeLinear", name_of("quantized"), {value_, scale, zero_point});
    value_ = model_.add("DequantizeLinear", name_of("dequantized"), {value_, scale, zero_point});
  }

  std::string dequantized(const char* part, const std::string& integers, const std::string& scale,
                          const std::string& zero_point) {
    const std::string value = model_.add("DequantizeLinear", name_of(part), {integers, scale, zero_point});
    model_.set("axis", int64_t{0});
    return value;
  }

  /// The biases in steps of `scale`; nothing if one of them is beyond int32.
  static std::optional<std::vector<int32_t>> steps_of(const Tensor& bias, const std::vector<float>& scale) {
    std::vector<int32_t> steps;
    for (size_t i = 0; i < scale.size(); ++i) {
      const double step = std::nearbyint(static_cast<double>(bias.values[i]) / scale[i]);
      if (!(std::abs(step) < 0x1p31)) return std::nullopt;
      steps.push_back(static_cast<int32_t>(step));
    }
    return steps;
  }

  std::string quantized_bias(const Tensor& bias, std::vector<float> scale) {
    for (float& each : scale) each *= stored_[layer_->inputs[0]].scale;
    const auto steps = steps_of(bias, scale);
    if (!steps) return model_.keep(name_of("bias"), bias.shape, bias.values);
    return dequantized(
        "bias", model_.keep(name_of("bias_integers"), bias.shape, *steps),
        model_.keep(name_of("bias_scale"), bias.shape, scale),
        model_.keep(name_of("bias_zero_point"), bias.shape, std::vector<int32_t>(scale.size(), 0)));
  }

  /// The inputs of a convolution or linear layer.
  std::vector<std::string> weighted(const Tensor& weights, const Tensor& bias) {
    std::vector<std::string> inputs = {input(0)};
    if (!int8()) {
      inputs.push_back(model_.keep(name_of("weight"), weights.shape, weights.values));
      if (bias != Tensor{}) inputs.push_back(model_.keep(name_of("bias"), bias.shape, bias.values));
      return inputs;
    }
    const QuantizedWeights quantized = quantize_per_channel(weights);
    const Shape channels = {weights.shape[0]};
    inputs.push_back(dequantized(
        "weight", model_.keep(name_of("weight_integers"), weights.shape, quantized.values),
        model_.keep(name_of("weight_scale"), channels, quantized.scale),
        model_.keep(name_of("weight_zero_point"), channels, std::vector<int8_t>(quantized.scale.size(), 0))));
    if (bias != Tensor{}) inputs.push_back(quantized_bias(bias, quantized.scale));
    return inputs;
  }

  // ---- Layers

  void write(const Input&) {}

  void write(const Activation& activation) { activate(activation, input(0)); }

  /// Replaces the value; what stands before a fused activation gives its output under another name.
  void activate(const Activation& activation, const std::string& from) {
    switch (activation.function) {
      case Function::identity:
        return node("Identity", {from});
      case Function::relu:
        return node("Relu", {from});
      case Function::leaky_relu:
        return node("LeakyRelu", {from}), model_.set("alpha", activation.alpha);
      case Function::clip:
        return node("Clip", {from, model_.keep(name_of("min"), {}, std::vector<float>{activation.alpha}),
                             model_.keep(name_of("max"), {}, std::vector<float>{activation.beta})});
      case Function::sigmoid:
        return node("Sigmoid", {from});
      case Function::hard_sigmoid:
        node("HardSigmoid", {from});
        model_.set("alpha", activation.alpha);
        return model_.set("beta", activation.beta);
      case Function::hard_swish:
        return node("HardSwish", {from});
      case Function::silu:
        return node("Mul", {from, model_.add("Sigmoid", name_of("sigmoid"), {from})});
    }
  }

  void activate_fused(const Activation& activation) {
    if (activation) activate(activation, value_);
  }

  void set_window(const Window& window, bool dilates = true) {
    model_.set("kernel_shape", {window.kernel[0], window.kernel[1]});
    model_.set("strides", {window.stride[0], window.stride[1]});
    model_.set("pads", {window.padding_begin[0], window.padding_begin[1], window.padding_end[0],
                        window.padding_end[1]});
    if (dilates) model_.set("dilations", {window.dilation[0], window.dilation[1]});
  }

  void write(const Convolution& layer) {
    node("Conv", weighted(layer.weights, layer.bias));
    set_window(layer.window);
    model_.set("group", layer.groups);
    if (layer_->inputs.size() == 2) node("Add", {value_, input(1)});
    activate_fused(layer.activation);
  }

  void write(const Linear& layer) {
    node("Gemm", weighted(layer.weights, layer.bias));
    model_.set("transB", int64_t{1});
    activate_fused(layer.activation);
  }

  void write(const BatchNormalization& layer) {
    const auto keep = [&](const char* part, const Tensor& tensor) {
      return model_.keep(name_of(part), tensor.shape, tensor.values);
    };
    node("BatchNormalization", {input(0), keep("weight", layer.scale), keep("bias", layer.shift),
                                keep("running_mean", layer.mean), keep("running_var", layer.variance)});
    model_.set("epsilon", layer.epsilon);
  }

  void write(const Add& layer) {
    node("Add", {input(0), input(1)});
    activate_fused(layer.activation);
  }

  void write(const Multiply&) {
    std::string factor = input(1);
    if (input_shape(1).size() < input_shape(0).size())
      factor = model_.add(
          "Reshape", name_of("factor"),
          {factor, model_.keep(name_of("shape"), {4}, std::vector<int64_t>{0, input_shape(1)[0], 1, 1})});
    node("Mul", {input(0), factor});
  }

  void write(const Concatenation&) {
    std::vector<std::string> inputs;
    for (size_t i = 0; i < layer_->inputs.size(); ++i) inputs.push_back(input(i));
    node("Concat", inputs);
    model_.set("axis", int64_t{1});
  }

  void write(const MaxPool& layer) {
    node("MaxPool", {input(0)});
    set_window(layer.window);
  }

  /// Opset 17 has no dilation there.
  void write(const AveragePool& layer) {
    if (layer.window.dilation != std::array<int64_t, 2>{1, 1})
      throw Error(fmt::format("layer '{}': an average pool with dilation cannot be written; right is without",
                              layer_->name));
    node("AveragePool", {input(0)});
    set_window(layer.window, false);
    model_.set("count_include_pad", int64_t{layer.count_padding});
  }

  void write(const GlobalAveragePool&) { node("GlobalAveragePool", {input(0)}); }

  void write(const Flatten&) {
    node("Flatten", {input(0)});
    model_.set("axis", int64_t{1});
  }

  void write(const Softmax&) {
    node("Softmax", {input(0)});
    model_.set("axis", int64_t{1});
  }

  const std::vector<Layer>& layers_;
  const OnnxExport& with_;
  Model model_;
  std::vector<std::string> values_;  ///< of each layer, as others read it
  std::vector<StoredRange> stored_;  ///< of each layer, for int8
  const Layer* layer_ = nullptr;     ///< that is written
  std::string value_;                ///< what it gives so far
};

}  // namespace

void write(const std::string& path, const Network& network, const OnnxExport& with) {
  if (!with.ranges.empty() && with.ranges.size() != network.layers().size())
    throw Error(fmt::format("{}: {} ranges for {} layers of {}; right is one a layer, or none", path,
                            with.ranges.size(), network.layers().size(), network.name()));
  Writer(network, with).write().write(path);
}

}  // namespace bitsweep::onnx
