// Rows of a SELECT as JSON.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "results/statements.h"

namespace bitsweep {

/// An array of objects, a column a member. `value` is bound to ?1, if there is one.
nlohmann::json objects(Statements& statements, const std::string& statement, int64_t value = 0);

}  // namespace bitsweep
