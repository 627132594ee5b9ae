// Functions that SQLite lacks, for the statements of this room and for SQL typed by users.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// Adds to a connection:
///   median(x)            the mean of the middle two for an even number
///   nearest_rank(x, p)   the smallest value such that at least p % of all are not larger (0 < p <= 100)
///   geomean(x)           the geometric mean; null if a value is 0 or below
///   run_id(field, ...)   the id of the run with these fields, all of them, in order; null if it cannot be
/// The first three are aggregates, which leave out nulls and are null for no value.
void add_sql_functions(SQLite::Database& sqlite);

}  // namespace bitsweep
