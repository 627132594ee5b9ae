#include "harness/extreme_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "harness/network.h"

namespace bitsweep {
namespace {

/// One layer of extreme weights: 1 for the even output channels, -1 for the odd ones.
struct ExtremeLayer {
  const char* name;
  Shape source;   ///< of one image
  Shape weights;  ///< [out, in of a group, ...]
  int64_t groups = 1;
};

/// No padding, so that all outputs are sums of as many products.
const ExtremeLayer layers[] = {{"linear 256 to 32", {256}, {32, 256}},
                               {"convolution 1 x 1", {64, 6, 6}, {32, 64, 1, 1}},
                               {"convolution 3 x 3", {32, 6, 6}, {32, 32, 3, 3}},
                               {"convolution 3 x 3 of one channel a group", {32, 6, 6}, {32, 1, 3, 3}, 32}};

Network network_of(const ExtremeLayer& extreme) {
  Tensor weights{extreme.weights, {}};
  const int64_t products = element_count(extreme.weights) / extreme.weights[0];
  for (int64_t channel = 0; channel < extreme.weights[0]; ++channel)
    weights.values.insert(weights.values.end(), static_cast<size_t>(products),
                          channel % 2 == 0 ? 1.0F : -1.0F);
  Tensor bias{{extreme.weights[0]}, std::vector<float>(static_cast<size_t>(extreme.weights[0]))};
  Network network("extreme values", extreme.source);
  if (extreme.weights.size() == 2) {
    network.add(extreme.name, Linear{std::move(weights), std::move(bias)});
  } else {
    Window window;
    window.kernel = {extreme.weights[2], extreme.weights[3]};
    network.add(extreme.name, Convolution{std::move(weights), std::move(bias), window, extreme.groups});
  }
  return network;
}

/// The largest relative error; nothing where the engine refuses the layer.
std::optional<double> error_of(const ExtremeLayer& extreme, const Backend& backend, int threads) {
  const Network network = network_of(extreme);
  const auto products = static_cast<float>(element_count(extreme.weights) / extreme.weights[0]);
  const SessionRequest request{Precision::int8, 1, threads, {{0, 1}, {-products, products}}};
  if (backend.why_not(network, request)) return std::nullopt;
  const std::vector<float> input(static_cast<size_t>(element_count(extreme.source)), 1.0F);
  std::vector<float> output(static_cast<size_t>(element_count(network.output_shape())));
  backend.prepare(network, request)->infer(input, output);
  const size_t outputs_of_a_channel = output.size() / static_cast<size_t>(extreme.weights[0]);
  double worst = 0;
  for (size_t i = 0; i < output.size(); ++i) {
    const float exact = i / outputs_of_a_channel % 2 == 0 ? products : -products;
    const double error = std::abs(output[i] - exact) / products;
    worst = std::max(worst, std::isnan(error) ? std::numeric_limits<double>::infinity() : error);
  }
  return worst;
}

}  // namespace

ExtremeSums check_extreme_sums(const Backend& backend, int threads) {
  ExtremeSums worst;
  for (const ExtremeLayer& extreme : layers)
    if (const auto error = error_of(extreme, backend, threads))
      if (worst.layer.empty() || *error > worst.relative_error) worst = {extreme.name, *error};
  return worst;
}

}  // namespace bitsweep
