// Rows of a SELECT as JSON.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "results/statements.h"

namespace bitsweep {

/// An array of objects, a column a member. `value` is bound to ?1, if there is one.
nlohmann::json objects(Statements& statements, const std::string& statement, int64_t value = 0);

/// The text of {"columns": [names], "rows": [[values], ...]}: many rows, without their names in each.
std::string table_text(Statements& statements, const std::string& statement, int64_t value);

/// JSON as text; bytes that are no UTF-8 become U+FFFD.
std::string dumped(const nlohmann::json& data);

}  // namespace bitsweep
