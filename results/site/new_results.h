// The results that were stored since the last time, in one pass over two tables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "results/site/curve.h"

namespace bitsweep {

/// Calls take(run id, point, values) for each result whose id is above `after`, in the order of ids, and
/// notes the units of columns. The cost grows with the results that are read, not with those before them.
void read_new_results(SQLite::Database& sqlite, int64_t after, std::vector<CurveUnit>& units,
                      const std::function<void(const std::string& run_id, const CurvePoint& point,
                                               const std::vector<double>& values)>& take);

}  // namespace bitsweep
