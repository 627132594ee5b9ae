// Results as a table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "results/columns.h"
#include "results/rows.h"

namespace bitsweep {

struct Query {
  std::vector<std::string> filters;  ///< as typed, see results/filter.h; all must hold
  /// Empty: model, precision, the fields that vary, outcome, main metrics. In groups see results/aggregate.h.
  std::vector<std::string> columns;
  std::vector<std::string> group_by;  ///< columns; results equal in these are one row
  /// "precision=fp32": each metric is followed by its ratio to that of the run that has these fields, see
  /// results/relative.h.
  std::vector<std::string> relative_to;
  std::string order;  ///< COLUMN or COLUMN:desc; empty: comparable runs lie together
  int64_t limit = 0;  ///< rows; 0: all
  /// See results/sessions.h; empty: latest, or all if a filter is on the session or a time is given.
  std::string session;
  std::string since;  ///< of the results' beginning, see results/moment.h; that time included
  std::string until;  ///< likewise: the whole day or minute that is named
};

/// Throws Error, for an unknown column with the known ones. `now` is what durations go back from. A bounded
/// number of SQL statements, however many results there are.
Rows read_results(const std::string& database, const Query& query,
                  std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// The condition, over result_tables(), of the results that a query means: its filters, session and times.
std::string result_conditions(const Query& query, const std::vector<Column>& known, SQLite::Database& sqlite,
                              std::chrono::system_clock::time_point now, Select& select);

/// What kept a query from finding anything, in words.
std::string why_empty(const std::string& database, const Query& query);

/// The conditions of filters as typed, each with " and " before it.
std::string filter_conditions(const std::vector<std::string>& filters, const std::vector<Column>& known,
                              Select& select);

}  // namespace bitsweep
