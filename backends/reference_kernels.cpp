#include "backends/reference_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace bitsweep::reference {
namespace {

/// min(max(value, low), high), written so that NaN stays NaN.
float clamp(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

/// Calls see(x) for each input element inside the window at output (row, column) of one channel.
template <class See>
void look(const Window& window, const Shape& input, const float* x, int64_t row, int64_t column, See&& see) {
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky)
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
      const int64_t in_y = row * window.stride[0] - window.padding_begin[0] + ky * window.dilation[0];
      const int64_t in_x = column * window.stride[1] - window.padding_begin[1] + kx * window.dilation[1];
      if (in_y >= 0 && in_y < input[1] && in_x >= 0 && in_x < input[2]) see(x[in_y * input[2] + in_x]);
    }
}

/// y of each output element of all images and channels: value(x of its channel, row, column).
template <class Value>
void slide(const Shape& input, const Shape& output, Extent extent, const float* x, float* y, Value&& value) {
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t plane = 0; plane < extent.batch * input[0]; ++plane)
    for (int64_t row = 0; row < output[1]; ++row)
      for (int64_t column = 0; column < output[2]; ++column)
        y[(plane * output[1] + row) * output[2] + column] =
            value(x + plane * input[1] * input[2], row, column);
}

}  // namespace

float activate(const Activation& activation, float value) {
  switch (activation.function) {
    case Function::identity:
      return value;
    case Function::relu:
      return value < 0 ? 0 : value;
    case Function::leaky_relu:
      return value < 0 ? activation.alpha * value : value;
    case Function::clip:
      return clamp(value, activation.alpha, activation.beta);
    case Function::sigmoid:
      return 1 / (1 + std::exp(-value));
    case Function::hard_sigmoid:
      return clamp(activation.alpha * value + activation.beta, 0, 1);
    case Function::hard_swish:
      return value * clamp(value / 6 + 0.5F, 0, 1);
    case Function::silu:
      return value / (1 + std::exp(-value));
  }
  throw std::logic_error("a function is missing in activate()");
}

void batch_normalization(const BatchNormalization& layer, const Shape& shape, Extent extent, const float* x,
                         float* y) {
  const int64_t channels = shape[0];
  const int64_t plane_size = element_count(shape) / channels;
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t plane = 0; plane < extent.batch * channels; ++plane) {
    const size_t channel = plane % channels;
    const float factor =
        layer.scale.values[channel] / std::sqrt(layer.variance.values[channel] + layer.epsilon);
    for (int64_t i = plane * plane_size; i < (plane + 1) * plane_size; ++i)
      y[i] = (x[i] - layer.mean.values[channel]) * factor + layer.shift.values[channel];
  }
}

void activation(const Activation& layer, int64_t count, Extent extent, const float* x, float* y) {
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t i = 0; i < extent.batch * count; ++i) y[i] = activate(layer, x[i]);
}

void add(const Add& layer, int64_t count, Extent extent, const float* a, const float* b, float* y) {
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t i = 0; i < extent.batch * count; ++i) y[i] = activate(layer.activation, a[i] + b[i]);
}

void multiply(const Shape& shape, const Shape& second, Extent extent, const float* a, const float* b,
              float* y) {
  const int64_t shared = element_count(shape) / element_count(second);  // elements that one factor serves
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t i = 0; i < extent.batch * element_count(shape); ++i) y[i] = a[i] * b[i / shared];
}

void join(const Shape& input, const Shape& output, int64_t first, Extent extent, const float* x, float* y) {
  const int64_t size = element_count(input), stride = element_count(output);
  const int64_t offset = first * (stride / output[0]);
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t image = 0; image < extent.batch; ++image)
    std::copy(x + image * size, x + (image + 1) * size, y + image * stride + offset);
}

void softmax(const Shape& shape, Extent extent, const float* x, float* y) {
  const int64_t channels = shape[0], pixels = element_count(shape) / channels;
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t pixel = 0; pixel < extent.batch * pixels; ++pixel) {
    const int64_t start = pixel / pixels * channels * pixels + pixel % pixels;
    float largest = x[start], sum = 0;  // subtracted, so that exp() cannot overflow
    for (int64_t c = 1; c < channels; ++c) largest = std::max(largest, x[start + c * pixels]);
    for (int64_t c = 0; c < channels; ++c) sum += std::exp(x[start + c * pixels] - largest);
    for (int64_t c = 0; c < channels; ++c)
      y[start + c * pixels] = std::exp(x[start + c * pixels] - largest) / sum;
  }
}

void max_pool(const MaxPool& layer, const Shape& input, const Shape& output, Extent extent, const float* x,
              float* y) {
  slide(input, output, extent, x, y, [&](const float* plane, int64_t row, int64_t column) {
    float largest = -std::numeric_limits<float>::infinity();
    look(layer.window, input, plane, row, column, [&](float value) {
      if (value > largest || std::isnan(value)) largest = value;  // NaN is not hidden: nothing is larger
    });
    return largest;
  });
}

void average_pool(const AveragePool& layer, const Shape& input, const Shape& output, Extent extent,
                  const float* x, float* y) {
  const int64_t window_size = layer.window.kernel[0] * layer.window.kernel[1];
  slide(input, output, extent, x, y, [&](const float* plane, int64_t row, int64_t column) {
    float sum = 0;
    int64_t seen = 0;
    look(layer.window, input, plane, row, column, [&](float value) { sum += value, ++seen; });
    return sum / static_cast<float>(layer.count_padding ? window_size : seen);
  });
}

void global_average_pool(const Shape& input, Extent extent, const float* x, float* y) {
  const int64_t plane_size = input[1] * input[2];
#pragma omp parallel for num_threads(extent.threads)
  for (int64_t plane = 0; plane < extent.batch * input[0]; ++plane) {
    float sum = 0;
    for (int64_t i = 0; i < plane_size; ++i) sum += x[plane * plane_size + i];
    y[plane] = sum / static_cast<float>(plane_size);
  }
}

}  // namespace bitsweep::reference
