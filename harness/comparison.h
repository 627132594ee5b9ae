// Which runs of a block are compared, and how much faster one is.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "harness/run.h"
#include "harness/statistics.h"

namespace bitsweep {

/// Position in `measured` of what the speed-up of `run` refers to: the unpruned fp32 run that is otherwise
/// the same. Calibration does nothing to fp32, so where the block lacks the fp32 run of a calibration method,
/// that of another serves. Nothing if there is none.
std::optional<size_t> fp32_baseline(const Run& run, std::span<const Run> measured);

/// The unpruned run that is otherwise the same.
std::optional<size_t> dense_baseline(const Run& run, std::span<const Run> measured);

}  // namespace bitsweep
