// Do an engine's int8 sums hold the largest values? Layers of nothing but those are held against exact sums.
#pragma once

#include <string>

#include "harness/backend.h"

namespace bitsweep {

/// Of the layer that came off worst.
struct ExtremeSums {
  static constexpr double limit = 0.01;  ///< largest relative error that is believed to be rounding

  std::string layer;          ///< empty: the engine refuses such layers
  double relative_error = 0;  ///< largest of all outputs
};

/// Gives the engine, in int8, a linear layer and convolutions of 1 × 1, 3 × 3 and one channel a group, whose
/// weights are all 1 or all -1 and whose inputs are all 1: the largest integers of both, 255 and ±127, or
/// fewer bits where the engine takes them. Scales make no error here, so every output is the number of its
/// products, exactly. Instructions that add two products in 16 bits (vpmaddubsw of SSSE3 and AVX2:
/// 2 × 255 × 127 = 64,770 > 32,767) saturate at about half of that, which data at hand may or may not show.
/// Source: ONNX Runtime's documentation on quantisation, "reduce_range"; Intel SDM, PMADDUBSW.
ExtremeSums check_extreme_sums(const Backend& backend, int threads);

}  // namespace bitsweep
