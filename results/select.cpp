#include "results/select.h"

#include <sqlite3.h>

namespace bitsweep {
namespace {

void bind_cell(SQLite::Statement& statement, int index, const Cell& cell) {
  if (const auto* integer = std::get_if<int64_t>(&cell)) return statement.bind(index, *integer);
  if (const auto* real = std::get_if<double>(&cell)) return statement.bind(index, *real);
  if (const auto* text = std::get_if<std::string>(&cell)) return statement.bind(index, *text);
  statement.bind(index);
}

Cell read_cell(const SQLite::Column& column) {
  switch (column.getType()) {
    case SQLITE_INTEGER:
      return column.getInt64();
    case SQLITE_FLOAT:
      return column.getDouble();
    case SQLITE_NULL:
      return {};
    default:
      return column.getString();
  }
}

}  // namespace

std::string Select::bind(Cell value) {
  values.push_back(std::move(value));
  return "?" + std::to_string(values.size());
}

void bind_cells(SQLite::Statement& statement, const std::vector<Cell>& values) {
  for (size_t i = 0; i < values.size(); ++i) bind_cell(statement, static_cast<int>(i) + 1, values[i]);
}

Rows read_rows(SQLite::Database& sqlite, const Select& select) {
  SQLite::Statement statement(sqlite, select.text);
  bind_cells(statement, select.values);
  Rows rows;
  for (int i = 0; i < statement.getColumnCount(); ++i)
    rows.headings.push_back({statement.getColumnName(i), ""});
  while (statement.executeStep()) {
    std::vector<Cell>& row = rows.cells.emplace_back();
    row.reserve(rows.headings.size());
    for (int i = 0; i < statement.getColumnCount(); ++i) row.push_back(read_cell(statement.getColumn(i)));
  }
  return rows;
}

}  // namespace bitsweep
