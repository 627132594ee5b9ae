// Weights as the GPU's kernels read them.
#pragma once

#include <cstddef>
#include <vector>

#include "backends/cuda/images.h"
#include "harness/network.h"

namespace bitsweep::cuda {

/// [out, in, height, width] → [stored out, height, width, stored in], rounded to the type, zero where padded.
std::vector<std::byte> pack_convolution(const Tensor& weights, int64_t stored_out, int64_t stored_in,
                                        Number number);

/// [out, in] → [stored out, pixels, stored channels] for a flattened image of these sizes, of which in =
/// channels * height * width is in the order of its channels.
std::vector<std::byte> pack_linear(const Tensor& weights, int64_t stored_out, const Images& source,
                                   Number number);

/// How many numbers of the type are zero.
int64_t count_zeros(const std::vector<std::byte>& packed, Number number);

/// [stored], zero where padded.
std::vector<std::byte> pack_bias(const Tensor& bias, int64_t stored, Number number);

}  // namespace bitsweep::cuda
