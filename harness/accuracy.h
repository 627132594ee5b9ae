// Does the engine that is timed still compute the right thing?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/datasets/datasets.h"
#include "harness/result.h"

namespace bitsweep {

/// Share of `labels` found among the `k` largest of each row of outputs [count, classes]; 0 to 1. Ties go to
/// the lower class.
double top_k(std::span<const float> outputs, std::span<const int32_t> labels, int k);

/// Whether each label is the largest of its row of outputs, as in top_k.
std::vector<bool> right_answers(std::span<const float> outputs, std::span<const int32_t> labels);

/// How near outputs are to reference outputs of the same shape.
struct Fidelity {
  double sqnr_db =
      0;  ///< 10 log10(Σ reference² / Σ (reference - output)²); capped at 300 where they are equal
  double cosine = 0;
  double top1_agreement = 0;  ///< share of rows with the same largest class
  double max_error = 0;       ///< largest absolute difference
};
Fidelity fidelity(std::span<const float> outputs, std::span<const float> reference, int64_t classes);

/// XXH3 (64 bits, hexadecimal) of the bits of values.
std::string values_hash(std::span<const float> values);

/// Outputs [count, output shape] of all images, in batches; the last batch is padded by repeating its first
/// image.
std::vector<float> infer_all(Session& session, const Network& network, const Samples& images, int64_t batch);

/// Why the outputs of all images cannot be believed, in words; empty if they can: any not finite, the same
/// for every image, whoever is to blame; mostly zero, or the same for more than half of the images, where
/// those of the reference are not.
///   outputs    [images, classes]
///   reference  [some of the images, classes]
std::string implausible(std::span<const float> outputs, std::span<const float> reference, int64_t classes);

/// Why outputs are farther from the reference than the precision explains, in words; empty if they are not.
/// The floors are a table in the .cpp.
std::string too_far(const Fidelity& fidelity, Precision precision);

}  // namespace bitsweep
