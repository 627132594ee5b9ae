#include "results/query.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/run.h"
#include "harness/table.h"
#include "results/database.h"
#include "results/filter.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

/// Shown whatever they hold.
const std::set<std::string> always = {"model", "precision", "outcome", "id"};

/// Shown by default where they hold something; the reason last, for it is long.
const std::vector<std::string> shown_metrics = {"latency_p50", "speedup",        "throughput", "top1",
                                                "sqnr",        "top1_agreement", "id",         "reason"};

std::vector<std::string> default_columns() {
  std::vector<std::string> names = {"experiment", "session", "cpu"};
  names.insert(names.end(), field_names().begin(), field_names().end());
  names.emplace_back("outcome");
  names.insert(names.end(), shown_metrics.begin(), shown_metrics.end());
  return names;
}

/// Whether a column that was not asked for tells something: a metric or reason that is there, a field that
/// varies.
bool tells_something(const Rows& rows, size_t column) {
  const std::string& name = rows.headings[column].name;
  if (always.count(name) > 0) return true;
  const bool is_metric = std::find(shown_metrics.begin(), shown_metrics.end(), name) != shown_metrics.end();
  return std::any_of(rows.cells.begin(), rows.cells.end(), [&](const std::vector<Cell>& row) {
    const Cell& cell = row[column];
    return is_metric ? cell != Cell() && cell != Cell("") : cell != rows.cells.front()[column];
  });
}

Rows without_dull_columns(const Rows& rows) {
  Rows shorter;
  shorter.cells.resize(rows.cells.size());
  for (size_t column = 0; column < rows.headings.size(); ++column) {
    if (!tells_something(rows, column)) continue;
    shorter.headings.push_back(rows.headings[column]);
    for (size_t row = 0; row < rows.cells.size(); ++row)
      shorter.cells[row].push_back(rows.cells[row][column]);
  }
  return shorter;
}

std::string where(const Query& query, const std::vector<Column>& known, SQLite::Database& sqlite,
                  Select& select) {
  std::string conditions;
  bool session_filtered = false;
  for (const std::string& text : query.filters) {
    const Filter filter = parse_filter(text);
    conditions += " and " + condition(filter, pick(known, "column", filter.column), select);
    session_filtered |= filter.column == "session";
  }
  const std::string fallback = session_filtered ? "all" : "latest";
  const nlohmann::json sessions = selected_sessions(sqlite, query.session.empty() ? fallback : query.session);
  return fmt::format("results.session in (select value from json_each({})){}", select.bind(sessions.dump()),
                     conditions);
}

std::string order_by(const Query& query, const std::vector<Column>& known, Select& select) {
  if (query.order.empty()) return comparable_order();
  const std::string_view name = std::string_view(query.order).substr(0, query.order.find(':'));
  const std::string_view direction = std::string_view(query.order).substr(name.size());
  if (direction != "" && direction != ":asc" && direction != ":desc")
    throw Error(fmt::format("order '{}': right is COLUMN or COLUMN:desc", query.order));
  const Column& column = pick(known, "column", name);
  return fmt::format("{} {} nulls last, {}", column.sql(select), direction == ":desc" ? "desc" : "asc",
                     comparable_order());
}

Rows read(SQLite::Database& sqlite, const Query& query, const std::vector<std::string>& names) {
  const std::vector<Column> known = known_columns(sqlite);
  Select select;
  std::vector<std::string> expressions;
  std::vector<Heading> headings;
  for (const std::string& name : names) {
    const Column& column = pick(known, "column", name);
    expressions.push_back(column.sql(select));
    headings.push_back({name, column.unit});
  }
  const std::string conditions = where(query, known, sqlite, select);
  const std::string order = order_by(query, known, select);
  select.text = fmt::format("select {} from {} where {} order by {} limit {}", fmt::join(expressions, ", "),
                            result_tables(), conditions, order,
                            select.bind(query.limit > 0 ? query.limit : int64_t{-1}));
  Rows rows = read_rows(sqlite, select);
  rows.headings = headings;
  return rows;
}

/// The default columns without the metrics that this database lacks.
std::vector<std::string> stored(SQLite::Database& sqlite, std::vector<std::string> names) {
  const std::vector<std::string> known = names_of(known_columns(sqlite));
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&](const std::string& name) {
                               return std::find(known.begin(), known.end(), name) == known.end();
                             }),
              names.end());
  return names;
}

}  // namespace

Rows read_results(const std::string& database, const Query& query) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    if (!query.columns.empty()) return read(sqlite, query, query.columns);
    return without_dull_columns(read(sqlite, query, stored(sqlite, default_columns())));
  });
}

std::string why_empty(const std::string& database, const Query& query) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) -> std::string {
    const std::vector<Column> known = known_columns(sqlite);
    for (const std::string& text : query.filters) {
      const Filter filter = parse_filter(text);
      const Column& column = pick(known, "column", filter.column);
      if (filter.comparison != "=" || column.kind != Column::Kind::text) continue;
      Select select;
      select.text = fmt::format("select distinct {} from {} order by 1", column.sql(select), result_tables());
      std::vector<std::string> values;
      for (const auto& row : read_rows(sqlite, select).cells) values.push_back(std::get<std::string>(row[0]));
      for (const std::string& value : filter.values)
        if (std::find(values.begin(), values.end(), value) == values.end() && !values.empty())
          return unknown_name(filter.column, value, values);
    }
    return "no result matches";
  });
}

}  // namespace bitsweep
