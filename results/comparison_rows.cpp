#include "results/comparison_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/run.h"
#include "harness/table.h"
#include "results/quantity.h"

namespace bitsweep {
namespace {

const std::vector<Verdict> verdicts = {Verdict::regressed, Verdict::improved, Verdict::steady,
                                       Verdict::changed, Verdict::unknown};

/// Shown whatever they hold.
const std::set<std::string> always = {"model", "precision"};

/// The positions of the fields to show.
std::vector<size_t> shown_fields(const std::vector<Pair>& pairs, bool all) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < field_names().size(); ++i) {
    const bool varies = std::any_of(pairs.begin(), pairs.end(),
                                    [&](const Pair& pair) { return pair.fields[i] != pairs[0].fields[i]; });
    if (all || varies || always.count(field_names()[i]) > 0) shown.push_back(i);
  }
  return shown;
}

Cell cell(const std::optional<double>& value) {
  return value ? Cell(*value) : Cell();
}

/// A value with its unit, or the outcome.
Cell value_cell(const std::optional<double>& value, const std::string& text, const Comparison& one,
                bool for_people) {
  if (!value) return text;
  return for_people ? Cell(readable(*value, one.unit)) : Cell(*value);
}

/// Three digits behind the point tell 1 % and 3 % apart.
Cell ratio_cell(const std::optional<double>& ratio, bool for_people) {
  return ratio && for_people ? Cell(fmt::format("{:.3f}", *ratio)) : cell(ratio);
}

Cell p_cell(const std::optional<double>& p, bool for_people) {
  return p && for_people ? Cell(*p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", *p)) : cell(p);
}

bool worth_showing(const Comparison& one) {
  return one.verdict != Verdict::steady || one.metric == "latency_p50" || one.metric == "throughput";
}

std::vector<Cell> comparison_cells(const Comparison& one, bool for_people) {
  std::optional<double> low, high;
  if (one.interval) {
    low = one.interval->low;
    if (std::isfinite(one.interval->high)) high = one.interval->high;
  }
  std::vector<Cell> cells = {one.metric, value_cell(one.a, one.text_a, one, for_people),
                             value_cell(one.b, one.text_b, one, for_people)};
  if (!for_people) cells.emplace_back(one.unit);
  for (const auto& ratio : {one.ratio, low, high}) cells.push_back(ratio_cell(ratio, for_people));
  if (!for_people) cells.push_back(cell(one.p));
  cells.push_back(p_cell(one.p_adjusted, for_people));
  cells.push_back(for_people && one.effect ? Cell(fmt::format("{:+.2f}", *one.effect)) : cell(one.effect));
  cells.emplace_back(to_text(one.verdict));
  return cells;
}

/// What is gathered of a group.
struct Group {
  std::vector<double> ratios;
  std::map<Verdict, int64_t> verdicts;
};

std::optional<double> geometric_mean(const std::vector<double>& ratios) {
  double sum = 0;
  for (const double ratio : ratios) sum += std::log(ratio);
  if (ratios.empty()) return std::nullopt;
  return std::exp(sum / static_cast<double>(ratios.size()));
}

std::vector<Cell> group_cells(const Group& group) {
  int64_t count = 0;
  for (const auto& [verdict, times] : group.verdicts) count += times;
  std::vector<Cell> cells = {count, cell(geometric_mean(group.ratios))};
  const auto [low, high] = std::minmax_element(group.ratios.begin(), group.ratios.end());
  cells.push_back(group.ratios.empty() ? Cell() : Cell(*low));
  cells.push_back(group.ratios.empty() ? Cell() : Cell(*high));
  for (const Verdict verdict : verdicts) {
    const auto found = group.verdicts.find(verdict);
    cells.emplace_back(found == group.verdicts.end() ? int64_t{0} : found->second);
  }
  return cells;
}

}  // namespace

Rows comparison_rows(const std::vector<Pair>& pairs, const std::vector<Comparison>& comparisons, bool all,
                     bool for_people) {
  const std::vector<size_t> shown = shown_fields(pairs, !for_people);
  Rows rows;
  for (const size_t field : shown) rows.headings.push_back({field_names()[field], ""});
  const std::vector<std::string> names =
      for_people ? std::vector<std::string>{"metric", "a", "b",      "ratio",   "low",
                                            "high",   "p", "effect", "verdict", "id"}
                 : std::vector<std::string>{"metric", "a", "b",          "unit",   "ratio",   "low",
                                            "high",   "p", "p_adjusted", "effect", "verdict", "id"};
  for (const std::string& name : names) rows.headings.push_back({name, ""});
  for (const Comparison& one : comparisons) {
    if (!all && !worth_showing(one)) continue;
    std::vector<Cell>& cells = rows.cells.emplace_back();
    for (const size_t field : shown) cells.emplace_back(pairs[one.pair].fields[field]);
    for (Cell& value : comparison_cells(one, for_people)) cells.push_back(std::move(value));
    cells.emplace_back(pairs[one.pair].run);
  }
  return rows;
}

Rows group_rows(const std::vector<Pair>& pairs, const std::vector<Comparison>& comparisons,
                const std::vector<std::string>& fields) {
  Rows rows;
  std::vector<size_t> positions;
  for (const std::string& name : fields) {
    const auto found = std::find(field_names().begin(), field_names().end(), name);
    if (found == field_names().end()) throw Error(unknown_name("field", name, field_names()));
    positions.push_back(static_cast<size_t>(found - field_names().begin()));
    rows.headings.push_back({name, ""});
  }
  for (const char* name : {"metric", "runs"}) rows.headings.push_back({name, ""});
  for (const char* name : {"geomean", "smallest", "largest"}) rows.headings.push_back({name, ""});
  for (const Verdict verdict : verdicts) rows.headings.push_back({to_text(verdict), ""});

  std::vector<std::vector<Cell>> keys;  // as they come: in comparable order
  std::map<std::vector<Cell>, Group> groups;
  for (const Comparison& one : comparisons) {
    std::vector<Cell> key;
    for (const size_t position : positions) key.emplace_back(pairs[one.pair].fields[position]);
    key.emplace_back(one.metric);
    if (groups.count(key) == 0) keys.push_back(key);
    Group& group = groups[key];
    if (one.ratio) group.ratios.push_back(*one.ratio);
    ++group.verdicts[one.verdict];
  }
  for (std::vector<Cell>& key : keys) {
    const std::vector<Cell> numbers = group_cells(groups.at(key));
    key.insert(key.end(), numbers.begin(), numbers.end());
    rows.cells.push_back(std::move(key));
  }
  return rows;
}

std::optional<double> geometric_mean(const std::vector<Comparison>& comparisons, const std::string& metric) {
  std::vector<double> ratios;
  for (const Comparison& one : comparisons)
    if (one.metric == metric && one.ratio) ratios.push_back(*one.ratio);
  return geometric_mean(ratios);
}

std::string count_verdicts(const std::vector<Comparison>& comparisons) {
  std::vector<std::string> counts;
  for (const Verdict verdict : verdicts) {
    const auto count = std::count_if(comparisons.begin(), comparisons.end(),
                                     [&](const Comparison& one) { return one.verdict == verdict; });
    if (count > 0) counts.push_back(fmt::format("{} {}", count, to_text(verdict)));
  }
  return fmt::format("{}", fmt::join(counts, ", "));
}

}  // namespace bitsweep
