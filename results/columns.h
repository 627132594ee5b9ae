// What can be asked of a result: run fields, facts of its session and machine, and every metric that is
// stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "results/select.h"

namespace bitsweep {

struct Column {
  enum class Kind { text, number, number_or_word };

  std::string name;
  Kind kind = Kind::text;
  std::string unit;        ///< of the numbers, "" if none
  std::string expression;  ///< SQL over result_tables(); of a metric: empty

  /// The SQL that gives its value.
  std::string sql(Select& select) const;
};

/// "results join sessions ...": what the expressions of the columns refer to.
const std::string& result_tables();

/// An order in which runs that are to be compared lie together: by all fields but precision and pruning, then
/// by these.
std::string comparable_order();

/// All columns of this database, in the order of headings.
std::vector<Column> known_columns(SQLite::Database& sqlite);

}  // namespace bitsweep
