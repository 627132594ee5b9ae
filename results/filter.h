// Conditions on results, as typed: "precision=int8", "model=resnet18,resnet50", "batch>=16",
// "latency_p50<2ms", "outcome!=ok", "model~res*".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/columns.h"

namespace bitsweep {

struct Filter {
  std::string column;
  std::string comparison;           ///< = != < <= > >= ~ (glob)
  std::vector<std::string> values;  ///< any of them; exactly one for an order
};

/// Throws Error with what would be right.
Filter parse_filter(std::string_view text);

/// The condition in SQL. Throws Error if a value does not fit the column.
std::string condition(const Filter& filter, const Column& column, Select& select);

}  // namespace bitsweep
