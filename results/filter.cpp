#include "results/filter.h"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

/// A unit that a value may be typed in.
struct TypedUnit {
  std::string_view name;
  std::string_view unit;  ///< of the column
  double factor;          ///< to it
};

constexpr std::array<TypedUnit, 12> typed_units = {{
    {"us", "ns", 1e3},
    {"µs", "ns", 1e3},
    {"ms", "ns", 1e6},
    {"s", "ns", 1e9},
    {"min", "ns", 60e9},
    {"min", "s", 60},
    {"h", "s", 3600},
    {"KiB", "bytes", 1024},
    {"MiB", "bytes", 1024.0 * 1024},
    {"GiB", "bytes", 1024.0 * 1024 * 1024},
    {"k", "", 1e3},
    {"M", "", 1e6},
}};

bool is_order(const std::string& comparison) {
  return comparison[0] == '<' || comparison[0] == '>';
}

/// "1.5ms" → 1'500'000 for a column in ns.
double parse_quantity(const std::string& text, const Filter& filter, const Column& column) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view suffix(end, static_cast<size_t>(text.data() + text.size() - end));
  while (suffix.starts_with(' ')) suffix.remove_prefix(1);
  if (error == std::errc()) {
    if (suffix.empty() || suffix == column.unit) return number;
    for (const TypedUnit& typed : typed_units)
      if (suffix == typed.name && column.unit == typed.unit) return number * typed.factor;
  }
  std::string right = "a number";
  if (!column.unit.empty()) right += " in " + column.unit;
  for (const TypedUnit& typed : typed_units)
    if (column.unit == typed.unit) right += fmt::format(" or {}", typed.name);
  throw Error(fmt::format("filter {}{}{}: '{}' does not fit; right is {}", filter.column, filter.comparison,
                          fmt::join(filter.values, ","), text, right));
}

/// One value's condition; `comparison` is one of SQL.
std::string compare(const Filter& filter, const std::string& value, const std::string& comparison,
                    const Column& column, Select& select) {
  const std::string cell = column.sql(select);
  if (comparison == "glob") return fmt::format("cast({} as text) glob {}", cell, select.bind(value));
  const bool as_number = column.kind == Column::Kind::number ||
                         (column.kind == Column::Kind::number_or_word && is_order(comparison));
  if (!as_number) return fmt::format("{} {} {}", cell, comparison, select.bind(value));
  const std::string number = select.bind(parse_quantity(value, filter, column));
  if (column.kind == Column::Kind::number) return fmt::format("{} {} {}", cell, comparison, number);
  return fmt::format("({0} not glob '*[^0-9]*' and cast({0} as real) {1} {2})", cell, comparison, number);
}

}  // namespace

Filter parse_filter(std::string_view text) {
  const size_t name_end = text.find_first_of("=!<>~");
  const auto wrong = [&] {
    return Error(
        fmt::format("'{}' is not a filter; right is NAME=VALUE[,VALUE...], or one of != < <= > >= and ~ "
                    "(glob) in place of =, quoted for the shell",
                    text));
  };
  if (name_end == text.npos || name_end == 0) throw wrong();
  Filter filter{std::string(text.substr(0, name_end)), "", {}};
  text.remove_prefix(name_end);
  for (const char* comparison : {"!=", "<=", ">=", "=", "<", ">", "~"})
    if (filter.comparison.empty() && text.starts_with(comparison)) filter.comparison = comparison;
  if (filter.comparison.empty()) throw wrong();
  text.remove_prefix(filter.comparison.size());
  for (size_t comma = text.find(','); comma != text.npos; comma = text.find(',')) {
    filter.values.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma + 1);
  }
  filter.values.emplace_back(text);
  if (is_order(filter.comparison) && filter.values.size() > 1)
    throw Error(fmt::format("filter {}{}: an order takes one value, not {}", filter.column, filter.comparison,
                            filter.values.size()));
  return filter;
}

std::string condition(const Filter& filter, const Column& column, Select& select) {
  const bool negative = filter.comparison == "!=";
  const std::string comparison = negative ? "=" : filter.comparison == "~" ? "glob" : filter.comparison;
  std::vector<std::string> any;
  for (const std::string& value : filter.values)
    any.push_back(compare(filter, value, comparison, column, select));
  return fmt::format("{}({})", negative ? "not " : "", fmt::join(any, " or "));
}

}  // namespace bitsweep
