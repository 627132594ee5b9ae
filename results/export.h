// Results for other programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "results/query.h"

namespace bitsweep {

/// A row of the table of formats.
struct ExportFormat {
  std::string name;
  std::string meaning;
};
/// csv, json, jsonl and google-benchmark.
const std::vector<ExportFormat>& export_formats();

/// Writes the results that a query selects (its columns are of no effect) and returns their number. Throws
/// Error for an unknown format, and for google-benchmark if a run occurs twice, for that format knows results
/// by the names of their runs only.
size_t export_results(const std::string& database, const Query& query, const std::string& format,
                      std::ostream& out);

}  // namespace bitsweep
