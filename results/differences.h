// Why a result is not what it was: what else differs between two results of one run. Pure.
#pragma once

#include <string>
#include <vector>

#include "harness/result.h"

namespace bitsweep {

/// Sentences "what: before → after", those first that explain most: the outcome; the layers that account for
/// the difference in time, with what ran them; layers that another implementation ran; versions of bitsweep
/// and of libraries, and the build; machine, kernel, governor, cores and threads; weights, data, calibration;
/// and outputs that are no longer the same to the bit. Empty if nothing of this differs. Needs no samples.
///   before, after  results of the same run; layers may be missing
std::vector<std::string> differences(const Result& before, const Result& after);

/// The same without the layers' times, which differ a little always.
std::vector<std::string> differences_but_time(const Result& before, const Result& after);

}  // namespace bitsweep
