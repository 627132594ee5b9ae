#include "backends/cuda/fold.h"

#include <array>
#include <variant>

namespace bitsweep::cuda {
namespace {

/// The layer that alone reads the input, if it is a convolution of nothing else.
const Convolution* only_reader(const Network& network, size_t& index) {
  size_t readers = 0;
  for (size_t layer = 1; layer < network.layers().size(); ++layer)
    for (const size_t input : network.layers()[layer].inputs)
      if (input == 0) ++readers, index = layer;
  if (readers != 1 || network.layers()[index].inputs.size() != 1) return nullptr;
  return std::get_if<Convolution>(&network.layers()[index].operation);
}

/// Rounds down, also below 0.
int64_t half(int64_t value) {
  return value >= 0 ? value / 2 : -((1 - value) / 2);
}

/// Every 2 × 2 pixels in one.
void halve(Fold& fold, const Window& window) {
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t padding = window.padding_begin[axis], first = half(-padding);
    fold.window.kernel[axis] = half(window.kernel[axis] - 1 - padding) - first + 1;
    fold.gather.first[axis] = static_cast<int>(2 * first);
    fold.gather.stride[axis] = fold.gather.taps[axis] = 2;
  }
}

/// All that a window covers in one.
void unfold(Fold& fold, const Window& window) {
  for (size_t axis = 0; axis < 2; ++axis) {
    fold.gather.first[axis] = static_cast<int>(-window.padding_begin[axis]);
    fold.gather.stride[axis] = static_cast<int>(window.stride[axis]);
    fold.gather.taps[axis] = static_cast<int>(window.kernel[axis]);
  }
}

}  // namespace

std::optional<Fold> fold_of(const Network& network, int64_t batch, Number number) {
  constexpr int64_t few_channels = 4, few_taps = 32;  // beyond, padding wastes less than gathering moves
  constexpr std::array<int64_t, 2> one{1, 1}, two{2, 2};
  Fold fold;
  const Convolution* convolution = only_reader(network, fold.reader);
  const Shape& source = network.input_shape();
  if (!convolution || source.size() != 3 || source[0] > few_channels || convolution->groups != 1 ||
      convolution->window.dilation != one)
    return std::nullopt;
  const Window& window = convolution->window;
  if (window.stride == two)
    halve(fold, window);
  else if (source[0] * window.kernel[0] * window.kernel[1] <= few_taps && window.kernel != one)
    unfold(fold, window);
  else
    return std::nullopt;
  const Shape& output = network.layers()[fold.reader].shape;
  const int64_t channels = source[0] * fold.gather.taps[0] * fold.gather.taps[1];
  fold.folded = {batch, channels, output[1] + fold.window.kernel[0] - 1,
                 output[2] + fold.window.kernel[1] - 1, stored_channels(channels, number)};
  return fold;
}

Tensor folded_weights(const Convolution& convolution, const Fold& fold) {
  const Shape& shape = convolution.weights.shape;
  const auto& padding = convolution.window.padding_begin;
  const auto& [first, stride, taps] = fold.gather;
  const int64_t out = shape[0], in = shape[1], height = fold.window.kernel[0], width = fold.window.kernel[1];
  const int64_t channels = in * taps[0] * taps[1];
  Tensor folded{{out, channels, height, width},
                std::vector<float>(static_cast<size_t>(out * channels * height * width), 0.0F)};
  for (int64_t o = 0; o < out; ++o)
    for (int64_t i = 0; i < in; ++i)
      for (int64_t y = 0; y < shape[2]; ++y)
        for (int64_t x = 0; x < shape[3]; ++x) {
          // Rows and columns from where the folded image begins under this output.
          const int64_t row = y - padding[0] - first[0], column = x - padding[1] - first[1];
          const int64_t channel = (row % taps[0] * taps[1] + column % taps[1]) * in + i;
          folded.values[static_cast<size_t>(((o * channels + channel) * height + row / taps[0]) * width +
                                            column / taps[1])] =
              convolution.weights.values[static_cast<size_t>(((o * in + i) * shape[2] + y) * shape[3] + x)];
        }
  return folded;
}

}  // namespace bitsweep::cuda
