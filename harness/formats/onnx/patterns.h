// Functions that exporters write as several nodes.
#pragma once

#include <optional>
#include <vector>

#include "harness/network.h"

namespace bitsweep::onnx {

/// Are all values of the tensor this one?
bool all_are(const Tensor& tensor, float value);

/// An activation and the layer that it reads.
struct Recognised {
  Activation activation;
  size_t input;
};

/// a × b as one activation: x sigmoid(x), x hard_sigmoid(x), x clip(x + 3, 0, 6) / 6 with the factor wherever
/// it stands. `factor` multiplies the product.
std::optional<Recognised> recognise_product(const std::vector<Layer>& layers, size_t a, size_t b,
                                            float factor = 1);

/// scale × layer + shift as one activation: clip(x + 3, 0, 6) / 6 and the like as hard_sigmoid, or the
/// product above whose factor comes last.
std::optional<Recognised> recognise_scaling(const std::vector<Layer>& layers, size_t layer, float scale,
                                            float shift);

}  // namespace bitsweep::onnx
