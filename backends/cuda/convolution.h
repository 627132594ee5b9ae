// Convolutions by cuDNN, with bias, shortcut and ReLU fused where it has such code.
#pragma once

#include <string>
#include <vector>

#include "backends/cuda/candidate.h"
#include "backends/cuda/images.h"
#include "backends/cuda/kernels.h"

namespace bitsweep::cuda {

struct ConvolutionShape {
  Images source, output;
  Sliding window{};
  int64_t padding_end[2] = {0, 0};
  int64_t groups = 1;
  bool shortcut = false;
  Elementwise activation;
  Number number = Number::fp32;
  /// Of fp32: whether factors may be rounded to TF32.
  bool tensor_cores = true;
};

/// All that decides which plan is fast, in one line; equal for equal layers.
std::string text(const ConvolutionShape& shape);

/// What cuDNN's heuristics propose, the best first: sums in fp32, the same result each time. For strict fp32
/// without plans that round factors (tensor cores) or transform images (Winograd, FFT). `only`: the one of
/// this name, or all if it is empty. None where cuDNN has no code; `why_none` then says what it answered.
std::vector<Candidate> cudnn_candidates(const ConvolutionShape& shape, const std::string& only,
                                        std::string& why_none);

/// At most so many of a convolution are proposed (12 unless told); for tests, which need one that is right,
/// not the fastest: building takes most of their time.
void limit_candidates(size_t most);
/// What is chosen among fewer than usual is not worth keeping.
bool candidates_are_limited();

/// Our own loop; not fast but for depthwise convolutions.
Candidate direct_candidate(const ConvolutionShape& shape);

std::string cudnn_version();

}  // namespace bitsweep::cuda
