// Gemm and MatMul: linear layers.
#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

/// [rows, columns] → [columns, rows], times `factor`.
std::vector<float> transposed(const std::vector<float>& from, int64_t rows, int64_t columns, float factor) {
  std::vector<float> to(from.size());
#pragma omp parallel for
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row) to[column * rows + row] = factor * from[row * columns + column];
  return to;
}

/// Columns for a vector in [height, width, channels] order become columns for [channels, height, width].
void permute_columns(Tensor& weights, const Shape& image) {
  const int64_t channels = image[0], pixels = image[1] * image[2], in = channels * pixels;
  std::vector<float> row(in);
  for (int64_t out = 0; out < weights.shape[0]; ++out) {
    float* first = &weights.values[out * in];
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      for (int64_t channel = 0; channel < channels; ++channel)
        row[channel * pixels + pixel] = first[pixel * channels + channel];
    std::copy(row.begin(), row.end(), first);
  }
}

/// `weights` is [in, out], or [out, in] if `out_first`.
void give_linear(Step& step, bool out_first, float factor, Tensor bias) {
  const Feature& input = step.feature(0);
  const Constant& constant = step.constant(1);
  if (input.shape.size() != 1)
    throw Error(
        fmt::format("its input has shape {} without the batch; right is a vector", to_text(input.shape)));
  if (constant.is_integer() || constant.shape.size() != 2)
    throw Error(
        fmt::format("its weights have shape {}; right is a matrix of real numbers", to_text(constant.shape)));
  const int64_t in = constant.shape[out_first ? 1 : 0], out = constant.shape[out_first ? 0 : 1];
  if (in != input.shape[0] || out < 1)
    throw Error(fmt::format("its weights have shape {}; right is {} inputs and one output or more",
                            to_text(constant.shape), input.shape[0]));
  Linear layer{{{out, in}, {}}, std::move(bias), {}};
  if (out_first) {
    layer.weights.values = constant.reals;
    for (float& weight : layer.weights.values) weight *= factor;
  } else {
    layer.weights.values = transposed(constant.reals, in, out, factor);
  }
  if (input.channels_last) permute_columns(layer.weights, step.layer(input).shape);
  step.give({step.add(std::move(layer), {step.flatten(input.layer)}), {out}, false, {}});
}

/// C of Gemm, broadcast to [out].
Tensor bias_of(Step& step, int64_t out, float factor) {
  const Constant& constant = step.constant(2);
  const int64_t count = element_count(constant.shape);
  const bool row = constant.shape == Shape{out} || constant.shape == Shape{1, out};
  if (constant.is_integer() || !(row || (count == 1 && constant.shape.size() <= 2)))
    throw Error(fmt::format("its biases have shape {}; right is [{}], of real numbers",
                            to_text(constant.shape), out));
  Tensor bias{{out}, std::vector<float>(out)};
  for (int64_t i = 0; i < out; ++i) bias.values[i] = factor * constant.reals[row ? i : 0];
  return bias;
}

}  // namespace

void gemm(Step& step) {
  if (step.integer("transA", 0) != 0)
    throw Error("attribute 'transA' is not 0, which would mix the images of a batch; right is 0");
  const bool out_first = step.integer("transB", 0) != 0;
  const Shape& weights = step.constant(1).shape;
  if (weights.size() != 2)
    throw Error(fmt::format("its weights have shape {}; right is a matrix", to_text(weights)));
  Tensor bias;
  if (step.has(2)) bias = bias_of(step, weights[out_first ? 0 : 1], step.real("beta", 1));
  give_linear(step, out_first, step.real("alpha", 1), std::move(bias));
}

void matrix_multiply(Step& step) {
  give_linear(step, false, 1, {});
}

}  // namespace bitsweep::onnx
