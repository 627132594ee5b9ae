// One result with all its evidence, as the site shows it.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "results/statements.h"

namespace bitsweep {

/// The result of this row: its run's fields, outcome, metrics, layers, notes, explanation, evidence and
/// samples; of a long list of samples some, evenly chosen. Texts may be no UTF-8.
nlohmann::json newest_result(Statements& statements, int64_t row);

}  // namespace bitsweep
