// What a GPU did while a run was measured: energy, clock, temperature, power.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "harness/gpus.h"
#include "harness/result.h"

namespace bitsweep {

/// Calls `step`, so many inferences each time, for half a second, and tells the energy of an image in that
/// time, all that the card took counted, and the card's state at its end. A clock that is held down by
/// anything but its power limit is noted. Tells nothing where the card hides its energy, or where several
/// have this name and cannot be told apart.
void add_gpu_evidence(Result& result, const std::string& device, const std::function<void()>& step,
                      int64_t inferences_a_step, const std::string& library = nvml_library);

}  // namespace bitsweep
