// Reading rows through SQL.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "results/rows.h"

namespace bitsweep {

/// An SQL statement in the making. Values are bound, never pasted into the text.
struct Select {
  std::string text;
  std::vector<Cell> values;

  /// The place of a value: "?1", "?2", ...
  std::string bind(Cell value);
};

/// Binds values to ?1, ?2, ...
void bind_cells(SQLite::Statement& statement, const std::vector<Cell>& values);

/// Carries out a statement that returns rows; headings have the names of its columns and no units.
Rows read_rows(SQLite::Database& sqlite, const Select& select);

}  // namespace bitsweep
