// Which precisions a CPU has, which oneDNN emulates on it, and which it cannot run.
#pragma once

#include <optional>
#include <string>

#include "backends/onednn/adapter.h"
#include "harness/run.h"

namespace bitsweep::onednn {

/// Why a precision cannot be run with these instructions, in words; nothing if it can. One that would be
/// emulated can if that is allowed.
std::optional<std::string> lacking_instructions(const EngineFeatures& features, Precision precision,
                                                bool allow_emulation);

/// With what a precision would be emulated, in words; nothing if the CPU has instructions of its own for it,
/// or if it cannot be run at all.
std::optional<std::string> emulation(const EngineFeatures& features, Precision precision);

}  // namespace bitsweep::onednn
