#include "results/query.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/run.h"
#include "harness/table.h"
#include "results/aggregate.h"
#include "results/database.h"
#include "results/filter.h"
#include "results/moment.h"
#include "results/relative.h"
#include "results/sessions.h"
#include "results/sql_functions.h"

namespace bitsweep {
namespace {

/// Shown whatever they hold.
const std::set<std::string> always = {"model", "precision", "outcome", "id"};

/// Shown by default where they hold something; the reason last, for it is long.
const std::vector<std::string> shown_metrics = {"latency_p50", "speedup", "speedup_low", "speedup_high",
                                                "throughput",  "top1",    "sqnr",        "top1_agreement",
                                                "disturbed",   "id",      "reason"};

/// Shown of groups by default.
std::vector<std::string> columns_of_groups(bool relative) {
  std::vector<std::string> names = {"count", "median(latency_p50)", "best(latency_p50)", "geomean(speedup)"};
  if (relative) names.emplace_back("geomean(latency_p50_ratio)");
  return names;
}

std::vector<std::string> default_columns() {
  std::vector<std::string> names = {"experiment", "session", "cpu"};
  names.insert(names.end(), field_names().begin(), field_names().end());
  names.emplace_back("outcome");
  names.insert(names.end(), shown_metrics.begin(), shown_metrics.end());
  return names;
}

/// Whether a column that was not asked for tells something: a metric or reason that is there, a field that
/// varies. What groups are formed by was asked for.
bool tells_something(const Rows& rows, size_t column, bool grouped) {
  const std::string& name = rows.headings[column].name;
  if (grouped ? !is_aggregate(name) : always.count(name) > 0) return true;
  const bool is_metric =
      grouped || std::find(shown_metrics.begin(), shown_metrics.end(), name) != shown_metrics.end();
  return std::any_of(rows.cells.begin(), rows.cells.end(), [&](const std::vector<Cell>& row) {
    const Cell& cell = row[column];
    return is_metric ? cell != Cell() && cell != Cell("") : cell != rows.cells.front()[column];
  });
}

Rows without_dull_columns(Rows rows, bool grouped) {
  Rows shorter;
  shorter.cells.resize(rows.cells.size());
  for (auto& row : shorter.cells) row.reserve(rows.headings.size());
  for (size_t column = 0; column < rows.headings.size(); ++column) {
    if (!tells_something(rows, column, grouped)) continue;
    shorter.headings.push_back(rows.headings[column]);
    for (size_t row = 0; row < rows.cells.size(); ++row)
      shorter.cells[row].push_back(std::move(rows.cells[row][column]));
  }
  return shorter;
}

bool names_session(const std::string& filter) {
  return parse_filter(filter).column == "session";
}

/// Whether a row is a group of results.
bool in_groups(const Query& query, const std::vector<std::string>& names) {
  return !query.group_by.empty() || std::any_of(names.begin(), names.end(), is_aggregate);
}

/// What is shown: of results, or of groups of them.
std::vector<Column> shown_columns(const Query& query, const std::vector<std::string>& names,
                                  const std::vector<Column>& known, Select& select) {
  std::vector<Column> shown;
  for (const std::string& name : query.group_by) shown.push_back(pick(known, "column", name));
  for (const std::string& name : names) {
    if (std::find(query.group_by.begin(), query.group_by.end(), name) != query.group_by.end()) continue;
    shown.push_back(is_aggregate(name) ? parse_aggregate(name, known, select) : pick(known, "column", name));
    if (!in_groups(query, names) || is_aggregate(name)) continue;
    throw Error(
        fmt::format("column '{0}': in groups right is --group-by {0}, or a number of the group: count, "
                    "median({0}), p90({0}), geomean({0}), best({0}), min({0}) or max({0})",
                    name));
  }
  return shown;
}

/// In a group only what is shown of it, or a number of it, can give the order.
std::string order_by(const Query& query, const std::vector<Column>& known, const std::vector<Column>& shown,
                     bool grouped, Select& select) {
  std::vector<std::string> orders;
  if (!query.order.empty()) {
    const size_t colon = query.order.find(':');
    const std::string name = query.order.substr(0, colon);
    const std::string direction = colon == query.order.npos ? "asc" : query.order.substr(colon + 1);
    if (direction != "asc" && direction != "desc")
      throw Error(fmt::format("order '{}': right is COLUMN or COLUMN:desc", query.order));
    const Column column = is_aggregate(name) ? parse_aggregate(name, known, select)
                                             : pick(grouped ? shown : known, "column", name);
    orders.push_back(fmt::format("{} {} nulls last", order_of(column, select), direction));
  }
  if (!grouped) orders.push_back(comparable_order());
  for (size_t i = 0; i < query.group_by.size(); ++i) orders.push_back(order_of(shown[i], select));
  return orders.empty() ? "1" : fmt::format("{}", fmt::join(orders, ", "));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The names with the ratio of each metric behind it, unless it is asked for by itself.
std::vector<std::string> with_ratios(const std::vector<std::string>& names,
                                     const std::vector<Column>& known) {
  const std::vector<std::string> all = names_of(known);
  std::vector<std::string> longer;
  for (const std::string& name : names) {
    longer.push_back(name);
    const std::string ratio = ratio_name(name);
    if (!contains(names, ratio) && contains(all, ratio)) longer.push_back(ratio);
  }
  return longer;
}

Rows read(SQLite::Database& sqlite, const Query& query, const std::vector<std::string>& names,
          const std::vector<Column>& known, std::chrono::system_clock::time_point now) {
  Select select;
  std::string tables = result_tables();
  if (!query.relative_to.empty()) tables += baseline_join(query.relative_to, select);
  const std::vector<Column> shown = shown_columns(query, names, known, select);
  const bool grouped = in_groups(query, names);
  std::vector<std::string> expressions, groups;
  std::vector<Heading> headings;
  for (const Column& column : shown) {
    expressions.push_back(column.sql(select));
    headings.push_back({column.name, column.unit});
    if (groups.size() < query.group_by.size()) groups.push_back(std::to_string(groups.size() + 1));
  }
  const std::string conditions = result_conditions(query, known, sqlite, now, select);
  const std::string order = order_by(query, known, shown, grouped, select);
  const std::string grouping = groups.empty() ? "" : fmt::format(" group by {}", fmt::join(groups, ", "));
  select.text =
      fmt::format("select {} from {} where {}{}{} order by {} limit {}", fmt::join(expressions, ", "), tables,
                  conditions, grouping, grouped ? " having count(*) > 0" : "", order,
                  select.bind(query.limit > 0 ? query.limit : int64_t{-1}));
  add_sql_functions(sqlite);
  Rows rows = read_rows(sqlite, select);
  rows.headings = headings;
  return rows;
}

}  // namespace

std::string filter_conditions(const std::vector<std::string>& filters, const std::vector<Column>& known,
                              Select& select) {
  std::string conditions;
  for (const std::string& text : filters) {
    const Filter filter = parse_filter(text);
    conditions += " and " + condition(filter, pick(known, "column", filter.column), select);
  }
  return conditions;
}

std::string result_conditions(const Query& query, const std::vector<Column>& known, SQLite::Database& sqlite,
                              std::chrono::system_clock::time_point now, Select& select) {
  std::string conditions = filter_conditions(query.filters, known, select);
  const bool chosen = !query.since.empty() || !query.until.empty() ||
                      std::any_of(query.filters.begin(), query.filters.end(), names_session);
  const std::string session = !query.session.empty() ? query.session : chosen ? "all" : "latest";
  if (session != "all")
    conditions += fmt::format(" and results.session in (select value from json_each({}))",
                              select.bind(nlohmann::json(selected_sessions(sqlite, session)).dump()));
  if (!query.since.empty())
    conditions +=
        fmt::format(" and results.started >= {}", select.bind(parse_moment(query.since, now).begin));
  if (!query.until.empty())
    conditions += fmt::format(" and results.started < {}", select.bind(parse_moment(query.until, now).end));
  return "true" + conditions;
}

Rows read_results(const std::string& database, const Query& query,
                  std::chrono::system_clock::time_point now) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    std::vector<Column> known = known_columns(sqlite);
    const bool relative = !query.relative_to.empty();
    if (relative)
      for (Column& ratio : ratio_columns(known)) known.push_back(std::move(ratio));
    const bool by_default = query.columns.empty(), grouped = !query.group_by.empty();
    std::vector<std::string> names = query.columns;
    if (by_default) names = grouped ? columns_of_groups(relative) : default_columns();
    if (relative) names = with_ratios(names, known);
    Rows rows = read(sqlite, query, names, known, now);
    return by_default ? without_dull_columns(std::move(rows), grouped) : rows;
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
      const std::string table = column.expression.substr(0, column.expression.find('.'));
      select.text = fmt::format("select distinct {} from {} order by 1", column.expression, table);
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
