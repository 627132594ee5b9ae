// What can be asked of a result: run fields, facts of its session and machine, and every metric that is
// stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/result.h"
#include "results/select.h"

namespace bitsweep {

struct Column {
  enum class Kind { text, number, number_or_word };

  std::string name;
  Kind kind = Kind::text;
  std::string unit;        ///< of the numbers, "" if none
  std::string expression;  ///< SQL over result_tables(); of a metric: empty
  Direction direction = Direction::neutral;
  std::string metric = "";  ///< the metric whose ratio to that of the baseline it is, see results/relative.h

  /// The SQL that gives its value.
  std::string sql(Select& select) const;
};

/// "results join sessions ...": what the expressions of the columns refer to.
const std::string& result_tables();

/// An order in which runs that are to be compared lie together: by session, all fields but precision and
/// pruning, then by these.
std::string comparable_order();

/// What to sort a column by, so that precisions follow each other as in their table.
std::string order_of(const Column& column, Select& select);

/// All columns of this database, in the order of headings. Reads a few rows for each name of a metric,
/// however many results there are.
std::vector<Column> known_columns(SQLite::Database& sqlite);

}  // namespace bitsweep
