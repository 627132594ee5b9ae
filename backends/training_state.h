// A training on disk: what it needs to go on exactly after whatever stopped it.
#pragma once

#include <string>

#include "backends/training.h"

namespace bitsweep {

/// Writes weights, statistics, velocities and the number of epochs done as safetensors, in one step;
/// `command` says which training it is. Throws Error if it cannot be written.
void write_state(const std::string& path, const TrainingState& state, const std::string& command);

/// Reads into a state whose network is of the same model. Throws Error, naming the file, if it belongs to
/// another command or is damaged.
void read_state(const std::string& path, TrainingState& state, const std::string& command);

}  // namespace bitsweep
