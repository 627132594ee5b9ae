// What the layers of a session say about the whole: fallbacks, the share of reorders, whether their times add
// up. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/backend.h"

namespace bitsweep {

/// Why this layer ran in code that is there to be right, not fast, with its name and implementation; nothing
/// if it did not. By oneDNN's names of implementations, as seen in 2.6 and 3.13:
///   - "ref" anywhere, e.g. "ref:any", "ref_int8:any", "gemm:ref": loops without vectors. The reference
///     backend, which was asked for, says "reference:loops".
///   - "simple...": loops that the compiler alone made fast, e.g. "simple_nchw:any". Not so concatenations,
///     which are row by row then, and reorders between equal layouts, which are plain copies: "simple:any" is
///     oneDNN's fast code for both.
///   - "gemm..." of a convolution: the image is unrolled into a matrix first (im2col), because no kernel of
///     its own fits. For linear layers the product of matrices is the usual fast way.
std::optional<std::string> fallback(const LayerRecord& layer);

/// Whether the engine added it between the network's layers, to convert numbers or layouts: kinds reorder,
/// quantize and dequantize.
bool between_layers(const LayerRecord& layer);

/// The sum of the layers' times.
double layers_time_ns(const std::vector<LayerRecord>& layers);

/// Share of that time in what the engine added between layers. 0 to 1; 0 without any time.
double reorder_share(const std::vector<LayerRecord>& layers);

/// Whether the layers explain the end-to-end time.
struct Coverage {
  double share = 0;  ///< sum of the layers' times over the end-to-end time
  bool agrees = false;
};

/// Beyond this difference from 1, something was timed that is no layer, or layers run otherwise when timed
/// one by one. The sum is above 1 where each layer is short against the reading of the clock.
inline constexpr double coverage_tolerance = 0.10;

///   end_to_end_ns  time of one inference of the same batch, of the same session
/// Throws std::invalid_argument if that is not above 0.
Coverage coverage(const std::vector<LayerRecord>& layers, double end_to_end_ns);

}  // namespace bitsweep
