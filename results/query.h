// Results as a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/rows.h"

namespace bitsweep {

struct Query {
  std::vector<std::string> filters;  ///< as typed, see results/filter.h; all must hold
  std::vector<std::string> columns;  ///< empty: model, precision, the fields that vary, outcome, main metrics
  std::string order;                 ///< COLUMN or COLUMN:desc; empty: comparable runs lie together
  int64_t limit = 0;                 ///< rows; 0: all
  std::string session;  ///< see results/sessions.h; empty: latest, or all if a filter is on the session
};

/// Throws Error, for an unknown column with the known ones.
Rows read_results(const std::string& database, const Query& query);

/// What kept a query from finding anything, in words.
std::string why_empty(const std::string& database, const Query& query);

}  // namespace bitsweep
