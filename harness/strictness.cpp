#include "harness/strictness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace bitsweep {
namespace {

constexpr int64_t most_outputs = 256;
constexpr double telling_ratio = 16;  ///< of the errors of TF32 and plain fp32, at least
constexpr double unit_roundoff = std::numeric_limits<float>::epsilon() / 2;

/// A convolution or linear layer; the latter is a convolution of [in, 1, 1].
struct WeightedSum {
  const Tensor& weights;
  const Tensor& bias;
  Window window;
  int64_t groups;
  Activation activation;
  Shape source, output;  ///< of one image, [channels, height, width]

  int64_t inputs_of_a_group() const { return source[0] / groups; }
  int64_t taps() const { return window.kernel[0] * window.kernel[1]; }
  /// Products that one output adds up.
  int64_t length() const { return inputs_of_a_group() * taps(); }
};

WeightedSum weighted_sum(const Network& network, size_t index) {
  const Layer& layer = network.layers()[index];
  const Shape& source = network.layers()[layer.inputs[0]].shape;
  if (const auto* linear = std::get_if<Linear>(&layer.operation))
    return {linear->weights,       linear->bias, {}, 1, linear->activation, {linear->weights.shape[1], 1, 1},
            {layer.shape[0], 1, 1}};
  const auto& convolution = std::get<Convolution>(layer.operation);
  return {convolution.weights,    convolution.bias, convolution.window, convolution.groups,
          convolution.activation, source,           layer.shape};
}

/// Layers of an operation with weights, the longest sums first; equals as in the network.
template <class Operation>
std::vector<size_t> longest_first(const Network& network) {
  std::vector<size_t> layers;
  for (size_t index = 0; index < network.layers().size(); ++index)
    if (std::holds_alternative<Operation>(network.layers()[index].operation)) layers.push_back(index);
  std::stable_sort(layers.begin(), layers.end(), [&](size_t a, size_t b) {
    return weighted_sum(network, a).length() > weighted_sum(network, b).length();
  });
  return layers;
}

/// What the session shows of a layer.
struct Traced {
  std::vector<float> source, shortcut, output;  ///< no shortcut: empty
};

Traced trace_layer(Session& session, const Network& network, std::span<const float> input, size_t index) {
  const std::vector<size_t>& inputs = network.layers()[index].inputs;
  Traced traced;
  session.trace(input, [&](size_t layer, std::span<const float> values) {
    if (layer == inputs[0]) traced.source.assign(values.begin(), values.end());
    if (inputs.size() > 1 && layer == inputs[1]) traced.shortcut.assign(values.begin(), values.end());
    if (layer == index) traced.output.assign(values.begin(), values.end());
  });
  return traced;
}

/// As network.h defines the functions.
double activate(const Activation& activation, double value) {
  const auto [function, alpha, beta] = activation;
  switch (function) {
    case Function::identity:
      return value;
    case Function::relu:
      return std::max(0.0, value);
    case Function::leaky_relu:
      return value < 0 ? alpha * value : value;
    case Function::clip:
      return std::min<double>(std::max<double>(value, alpha), beta);
    case Function::sigmoid:
      return 1 / (1 + std::exp(-value));
    case Function::hard_sigmoid:
      return std::clamp(alpha * value + beta, 0.0, 1.0);
    case Function::hard_swish:
      return value * std::clamp(value / 6 + 0.5, 0.0, 1.0);
    case Function::silu:
      return value / (1 + std::exp(-value));
  }
  throw std::logic_error("a function is missing in activate()");
}

/// To 11 bits, ties to even: the factors of TF32.
float rounded_to_tf32(float value) {
  constexpr uint32_t dropped_bits = 13;
  auto bits = std::bit_cast<uint32_t>(value);
  bits += (1U << (dropped_bits - 1)) - 1 + ((bits >> dropped_bits) & 1U);
  return std::bit_cast<float>(bits & ~((1U << dropped_bits) - 1));
}

/// One output, computed in three ways.
struct Computed {
  double exact = 0;  ///< in fp64
  double plain = 0;  ///< summed up in fp32, bias and shortcut first
  double tf32 = 0;   ///< fp64 sums of rounded factors
};

/// Output number `index` of [batch, output].
Computed compute(const WeightedSum& layer, const Traced& traced, int64_t index) {
  const int64_t column = index % layer.output[2], row = index / layer.output[2] % layer.output[1];
  const int64_t plane = index / (layer.output[2] * layer.output[1]);
  const int64_t channel = plane % layer.output[0], image = plane / layer.output[0];
  const int64_t height = layer.source[1], width = layer.source[2];
  const int64_t group = channel / (layer.output[0] / layer.groups);
  const float* weight = &layer.weights.values[channel * layer.length()];
  const float bias = layer.bias.values.empty() ? 0 : layer.bias.values[channel];
  const float shortcut = traced.shortcut.empty() ? 0 : traced.shortcut[index];
  double exact = static_cast<double>(bias) + shortcut, tf32 = exact;
  float plain = bias + shortcut;  // engines may begin so, and err more where the shortcut is large
  for (int64_t in = 0; in < layer.inputs_of_a_group(); ++in) {
    const int64_t source_plane = image * layer.source[0] + group * layer.inputs_of_a_group() + in;
    const float* source = &traced.source[source_plane * height * width];
    for (int64_t y = 0; y < layer.window.kernel[0]; ++y)
      for (int64_t x = 0; x < layer.window.kernel[1]; ++x, ++weight) {
        const int64_t source_row =
            row * layer.window.stride[0] - layer.window.padding_begin[0] + y * layer.window.dilation[0];
        const int64_t source_column =
            column * layer.window.stride[1] - layer.window.padding_begin[1] + x * layer.window.dilation[1];
        if (source_row < 0 || source_row >= height || source_column < 0 || source_column >= width) continue;
        const float value = source[source_row * width + source_column];
        exact += static_cast<double>(*weight) * value;
        tf32 += static_cast<double>(rounded_to_tf32(*weight)) * rounded_to_tf32(value);
        plain += *weight * value;
      }
  }
  return {activate(layer.activation, exact), activate(layer.activation, plain),
          activate(layer.activation, tf32)};
}

/// Which outputs are computed: all of a few, else some spread over images, channels and pixels. Steps of the
/// golden ratio meet no period of the shape and leave no gaps (Weyl's sequence).
std::vector<int64_t> chosen_outputs(int64_t count) {
  std::vector<int64_t> chosen(std::min(count, most_outputs));
  std::iota(chosen.begin(), chosen.end(), 0);
  if (count <= most_outputs) return chosen;
  constexpr double golden_ratio = 0.61803398874989485;
  for (int64_t& index : chosen) {
    const double place = static_cast<double>(index) * golden_ratio;
    index = static_cast<int64_t>((place - std::floor(place)) * static_cast<double>(count));
  }
  return chosen;
}

/// Root mean squares over the chosen outputs, as shares of that of the exact values.
struct Errors {
  double engine = 0, plain = 0, tf32 = 0;
};

Errors errors_of(const WeightedSum& layer, const Traced& traced) {
  double signal = 0, engine = 0, plain = 0, tf32 = 0;
  const auto square = [](double value) { return value * value; };
  for (const int64_t index : chosen_outputs(static_cast<int64_t>(traced.output.size()))) {
    const Computed computed = compute(layer, traced, index);
    signal += square(computed.exact);
    engine += square(traced.output[index] - computed.exact);
    plain += square(computed.plain - computed.exact);
    tf32 += square(computed.tf32 - computed.exact);
  }
  // Storing an output in fp32 rounds it once, whatever the sum.
  return {std::sqrt(engine / signal), std::max(std::sqrt(plain / signal), unit_roundoff),
          std::sqrt(tf32 / signal)};
}

/// The first of these layers that tells fp32 and TF32 apart.
Strictness verify_first(Session& session, const Network& network, std::span<const float> input, int64_t batch,
                        const std::vector<size_t>& layers) {
  for (const size_t index : layers) {
    const WeightedSum layer = weighted_sum(network, index);
    const Traced traced = trace_layer(session, network, input, index);
    if (static_cast<int64_t>(traced.output.size()) != batch * element_count(layer.output))
      throw std::invalid_argument("check_strictness: the session has another batch");
    const Errors errors = errors_of(layer, traced);
    if (!(errors.tf32 >= telling_ratio * errors.plain)) continue;  // also where they are no numbers
    const double limit = std::sqrt(errors.plain * errors.tf32);
    return {network.layers()[index].name, errors.engine, limit, errors.engine <= limit};
  }
  return {};
}

/// How far beyond its limit; NaN counts as farthest.
double excess(const Strictness& strictness) {
  if (strictness.layer.empty()) return -1;
  const double ratio = strictness.relative_error / strictness.limit;
  return std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
}

}  // namespace

Strictness check_strictness(Session& session, const Network& network, std::span<const float> input,
                            int64_t batch) {
  const Strictness convolution =
      verify_first(session, network, input, batch, longest_first<Convolution>(network));
  const Strictness linear = verify_first(session, network, input, batch, longest_first<Linear>(network));
  return excess(linear) > excess(convolution) ? linear : convolution;
}

}  // namespace bitsweep
