// Comparisons as tables.
#pragma once

#include <string>
#include <vector>

#include "results/compare.h"
#include "results/rows.h"

namespace bitsweep {

/// One row a comparison: the fields that tell the runs apart, both values, their ratio with its interval, p
/// adjusted, effect, verdict and the id. `all`: also what is steady, but for latency and throughput, which
/// are always there. `for_people`: values with units; else raw, all fields, with unit and p unadjusted.
Rows comparison_rows(const std::vector<Pair>& pairs, const std::vector<Comparison>& comparisons, bool all,
                     bool for_people);

/// One row a group of runs that are equal in these fields, and a metric: geometric mean of the ratios,
/// smallest and largest, and how often each verdict. Throws Error for an unknown field.
Rows group_rows(const std::vector<Pair>& pairs, const std::vector<Comparison>& comparisons,
                const std::vector<std::string>& fields);

/// The geometric mean of the ratios of this metric; nothing without any.
std::optional<double> geometric_mean(const std::vector<Comparison>& comparisons, const std::string& metric);

/// "2 regressed, 1 improved, 5 steady": the verdicts that there are.
std::string count_verdicts(const std::vector<Comparison>& comparisons);

}  // namespace bitsweep
