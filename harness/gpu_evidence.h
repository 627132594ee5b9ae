// What a GPU did while a run was measured: energy, clock, temperature, power.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "harness/block_timing.h"
#include "harness/gpus.h"
#include "harness/result.h"

namespace bitsweep {

/// Watches that GPU beside the cores: its clock before and after, each time under the load of `step`, for an
/// idle card's tells nothing, and what held it down but for its power limit. Watches the cores alone where
/// the card hides its clock, or where several have this name.
Watch watch_gpu(Watch cores, std::string device, std::function<void()> step,
                std::string library = nvml_library);

/// Calls `step`, so many inferences each time, for half a second, and tells the energy of an image in that
/// time, all that the card took counted, and the card's state at its end. Tells nothing where the card hides
/// its energy, or where several have this name and cannot be told apart.
void add_gpu_evidence(Result& result, const std::string& device, const std::function<void()>& step,
                      int64_t inferences_a_step, const std::string& library = nvml_library);

}  // namespace bitsweep
