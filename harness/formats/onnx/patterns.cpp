#include "harness/formats/onnx/patterns.h"

#include <algorithm>
#include <cmath>

namespace bitsweep::onnx {
namespace {

/// Exporters round 1 / 6 in their own ways.
bool is_near(float a, float b) {
  return std::abs(a - b) <= 1e-5F * std::max(std::abs(a), std::abs(b));
}

/// y = scale x + shift, the same for all channels, of layer `input`.
struct Affine {
  float scale, shift;
  size_t input;
};

/// The layer as such; the identity of itself if it is none.
Affine affine_of(const std::vector<Layer>& layers, size_t layer) {
  const auto* normalization = std::get_if<BatchNormalization>(&layers[layer].operation);
  if (!normalization || normalization->epsilon != 0 || !all_are(normalization->mean, 0) ||
      !all_are(normalization->variance, 1))
    return {1, 0, layer};
  const float scale = normalization->scale.values[0], shift = normalization->shift.values[0];
  if (!all_are(normalization->scale, scale) || !all_are(normalization->shift, shift)) return {1, 0, layer};
  return {scale, shift, layers[layer].inputs[0]};
}

const Activation* activation_of(const std::vector<Layer>& layers, size_t layer) {
  return std::get_if<Activation>(&layers[layer].operation);
}

/// `layer` = factor × gate(x), where the gate is a sigmoid or a hard sigmoid.
struct Gate {
  Activation activation;
  float factor;
  size_t input;
};

std::optional<Gate> gate_of(const std::vector<Layer>& layers, size_t layer) {
  const Activation* activation = activation_of(layers, layer);
  if (!activation) return std::nullopt;
  const size_t input = layers[layer].inputs[0];
  if (activation->function == Function::sigmoid || activation->function == Function::hard_sigmoid)
    return Gate{*activation, 1, input};
  if (activation->function != Function::clip || activation->alpha != 0 || activation->beta <= 0)
    return std::nullopt;
  // clip(s x + t, 0, high) = high × hard_sigmoid(x) with alpha = s / high and beta = t / high
  const Affine inner = affine_of(layers, input);
  const float high = activation->beta;
  return Gate{{Function::hard_sigmoid, inner.scale / high, inner.shift / high}, high, inner.input};
}

/// What x × gate(x) is called.
std::optional<Activation> product_with(const Activation& gate) {
  if (gate.function == Function::sigmoid) return Activation{Function::silu};
  if (is_near(gate.alpha, 1 / 6.F) && is_near(gate.beta, 0.5F)) return Activation{Function::hard_swish};
  return std::nullopt;
}

}  // namespace

bool all_are(const Tensor& tensor, float value) {
  return std::all_of(tensor.values.begin(), tensor.values.end(), [&](float v) { return v == value; });
}

std::optional<Recognised> recognise_product(const std::vector<Layer>& layers, size_t a, size_t b,
                                            float factor) {
  for (const auto& [left, right] : {std::pair(a, b), std::pair(b, a)}) {
    // Either side may carry a part of the factor.
    const Affine outer = affine_of(layers, right);
    if (outer.shift != 0) continue;
    const std::optional<Gate> gate = gate_of(layers, outer.input);
    if (!gate) continue;
    Affine x = affine_of(layers, left);
    if (x.input != gate->input || x.shift != 0) x = {1, 0, left};
    if (x.input != gate->input || !is_near(factor * outer.scale * x.scale * gate->factor, 1)) continue;
    if (const auto activation = product_with(gate->activation)) return Recognised{*activation, x.input};
  }
  return std::nullopt;
}

std::optional<Recognised> recognise_scaling(const std::vector<Layer>& layers, size_t layer, float scale,
                                            float shift) {
  if (shift != 0) return std::nullopt;
  if (std::holds_alternative<Multiply>(layers[layer].operation))
    return recognise_product(layers, layers[layer].inputs[0], layers[layer].inputs[1], scale);
  const std::optional<Gate> gate = gate_of(layers, layer);
  const Activation* activation = activation_of(layers, layer);
  if (!gate || activation->function != Function::clip || !is_near(scale * gate->factor, 1))
    return std::nullopt;
  return Recognised{gate->activation, gate->input};
}

}  // namespace bitsweep::onnx
