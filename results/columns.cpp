#include "results/columns.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/run.h"
#include "harness/vocabulary.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

Column::Kind kind_of(int64_t) {
  return Column::Kind::number;
}
Column::Kind kind_of(const Threads&) {
  return Column::Kind::number_or_word;
}
template <class Value>
Column::Kind kind_of(const Value&) {
  return Column::Kind::text;
}

/// Those that this database holds, one row a name, and those that a result may have had too few samples for.
std::vector<Column> metrics(SQLite::Database& sqlite) {
  SQLite::Statement metrics(
      sqlite,
      "select name, max(unit), max(direction) from metric_names where name not in ('speedup', 'speedup_low', "
      "'speedup_high') group by name order by name");
  std::vector<Column> columns;
  while (metrics.executeStep()) {
    Column& column = columns.emplace_back();
    column.name = metrics.getColumn(0).getString();
    column.kind = Column::Kind::number;
    column.unit = metrics.getColumn(1).getString();
    parse_value(metrics.getColumn(2).getString(), column.direction);
  }
  const auto is_known = [&](const std::string& name) {
    return name == "speedup" || std::any_of(columns.begin(), columns.end(),
                                            [&](const Column& column) { return column.name == name; });
  };
  for (const GateMetric& metric : gate_metrics())
    if (!is_known(metric.name)) columns.push_back({metric.name, Column::Kind::number, "", ""});
  return columns;
}

/// A metric that the view `speedups` also computes for results which do not hold it.
Column of_speedups(const char* name, const char* column) {
  return {name, Column::Kind::number, "x",
          fmt::format("(select {} from speedups where speedups.result = results.id)", column),
          Direction::higher_is_better};
}

/// The place of the precision in the table of precisions.
std::string precision_rank() {
  std::string rank = "case runs.precision";
  for (size_t i = 0; i < precisions().size(); ++i)
    rank += fmt::format(" when '{}' then {}", precisions()[i].name, i);
  return rank + " end";
}

}  // namespace

std::string Column::sql(Select& select) const {
  if (!expression.empty()) return expression;
  const auto value_of = [&](const char* result) {
    return fmt::format(
        "(select value from metric_values where result = {}.id and metric in (select id from metric_names "
        "where name = {}))",
        result, select.bind(metric.empty() ? name : metric));
  };
  if (metric.empty()) return value_of("results");
  return fmt::format("{} / {}", value_of("results"), value_of("baseline"));
}

const std::string& result_tables() {
  static const std::string tables =
      "results join sessions on sessions.id = results.session join runs on runs.id = results.run "
      "join machines on machines.id = results.machine join software on software.id = results.software";
  return tables;
}

std::string comparable_order() {
  std::string order = session_order;
  for (const std::string& field : field_names())
    if (field != "precision" && field != "pruning") order += ", runs." + field;
  return order + ", " + precision_rank() + ", runs.pruning <> 'none', runs.pruning";
}

std::string order_of(const Column& column, Select& select) {
  return column.expression == "runs.precision" ? precision_rank() : column.sql(select);
}

std::vector<Column> known_columns(SQLite::Database& sqlite) {
  using Kind = Column::Kind;
  std::vector<Column> columns = {{"experiment", Kind::text, "", "sessions.experiment"},
                                 {"session", Kind::number, "", "results.session"}};
  const Run run;
  for_each_field(run, [&](const std::string& name, const auto& value, const char*) {
    columns.push_back({name, kind_of(value), "", "runs." + name});
  });
  columns.insert(columns.end(), {{"outcome", Kind::text, "", "results.outcome"},
                                 of_speedups("speedup", "speedup"),
                                 of_speedups("speedup_low", "low"),
                                 of_speedups("speedup_high", "high"),
                                 {"disturbed", Kind::text, "",
                                  "coalesce((select 'yes' from evidence where evidence.result = results.id "
                                  "and evidence.name = 'disturbed'), '')"}});
  for (Column& metric : metrics(sqlite)) columns.push_back(std::move(metric));
  columns.insert(columns.end(), {{"cpu", Kind::text, "", "machines.cpu"},
                                 {"host", Kind::text, "", "machines.host"},
                                 {"machine", Kind::text, "", "machines.class"},
                                 {"bitsweep", Kind::text, "", "software.bitsweep"},
                                 {"started", Kind::text, "", "results.started"},
                                 {"seconds", Kind::number, "s", "results.seconds"},
                                 {"id", Kind::text, "", "results.run"},
                                 {"reason", Kind::text, "", "results.reason"}});
  return columns;
}

}  // namespace bitsweep
