// Columns of groups, as typed: "count", "median(latency_p50)", "p90(latency_p50)", "geomean(speedup)",
// "best(latency_p50)".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/columns.h"

namespace bitsweep {

/// Whether a column as typed is one of groups.
bool is_aggregate(std::string_view text);

/// The column of a group: its SQL stands in its expression, over add_sql_functions(). Throws Error for an
/// unknown function or column, with the known ones; for text; and for the best of what is neither better nor
/// worse.
Column parse_aggregate(std::string_view text, const std::vector<Column>& known, Select& select);

}  // namespace bitsweep
