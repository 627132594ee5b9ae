// Ratios of stored metrics to those of a named baseline: `--relative-to precision=fp32`.
#pragma once

#include <string>
#include <vector>

#include "results/columns.h"

namespace bitsweep {

/// The join that goes behind result_tables() and brings in `baseline`: for each result the one of the same
/// session that ended ok on a machine of the same class, and whose run has these fields ("precision=fp32")
/// and is equal in all others. Calibration does nothing but to int8: where a baseline of another precision is
/// missing, that of another calibration method serves. Throws Error with what would be right.
std::string baseline_join(const std::vector<std::string>& fields, Select& select);

/// The ratio columns of metrics: NAME_ratio, the value over that of the baseline. Metrics in dB and those
/// that are ratios themselves have none.
std::vector<Column> ratio_columns(const std::vector<Column>& known);

/// The name of a metric's ratio column.
std::string ratio_name(const std::string& metric);

}  // namespace bitsweep
