#include "results/aggregate.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "harness/table.h"

namespace bitsweep {
namespace {

/// Each is called so in SQL, but best and pNN.
const std::vector<std::string> functions = {"median", "geomean", "best", "min", "max", "pNN"};

/// "p99.9" → 99.9
std::optional<double> percent_of(std::string_view name) {
  double percent = 0;
  if (!name.starts_with('p')) return std::nullopt;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, percent, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !(percent > 0 && percent <= 100)) return std::nullopt;
  return percent;
}

std::string best_of(const Column& column, const std::string& cell) {
  if (column.direction == Direction::neutral)
    throw Error(fmt::format(
        "best({0}): {0} is neither better higher nor lower; right is min({0}) or max({0})", column.name));
  return fmt::format("{}({})", column.direction == Direction::lower_is_better ? "min" : "max", cell);
}

}  // namespace

bool is_aggregate(std::string_view text) {
  return text == "count" || text.find('(') != text.npos;
}

Column parse_aggregate(std::string_view text, const std::vector<Column>& known, Select& select) {
  if (text == "count") return {"count", Column::Kind::number, "", "count(*)"};
  const size_t open = text.find('(');
  if (!text.ends_with(')'))
    throw Error(
        fmt::format("column '{}': right is count or FUNCTION(COLUMN), such as median(latency_p50)", text));
  const std::string_view name = text.substr(0, open);
  const std::optional<double> percent = percent_of(name);
  if (!percent && (name == "pNN" || std::find(functions.begin(), functions.end(), name) == functions.end()))
    throw Error(unknown_name("function", name, functions) + " (NN above 0, at most 100)");
  const Column& column = pick(known, "column", text.substr(open + 1, text.size() - open - 2));
  if (column.kind != Column::Kind::number)
    throw Error(fmt::format("column '{}': {} holds no numbers; right is a metric, or --group-by {}", text,
                            column.name, column.name));
  const std::string cell = column.sql(select);
  const std::string expression = percent ? fmt::format("nearest_rank({}, {})", cell, select.bind(*percent))
                                 : name == "best" ? best_of(column, cell)
                                                  : fmt::format("{}({})", name, cell);
  return {std::string(text), Column::Kind::number, column.unit, expression, column.direction};
}

}  // namespace bitsweep
