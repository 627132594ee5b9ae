// Tables of named things (models, backends, techniques, verbs, ...): pick one by name, or be told the known
// ones.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/error.h"

namespace bitsweep {

/// The candidate with the smallest edit distance to `word`; empty if none is near enough to be a typing
/// error.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "unknown precision 'fp23'; did you mean 'fp32'? known: fp32, bf16, fp16, int8"
std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known);

/// The names of a table's entries, in the order of the table. An entry is anything with a member `name`.
template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  names.reserve(std::size(table));
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

/// The entry called `name`; throws Error (see unknown_name) if there is none.
template <class Table>
const auto& pick(const Table& table, std::string_view what, std::string_view name) {
  const auto found =
      std::find_if(std::begin(table), std::end(table), [&](const auto& e) { return e.name == name; });
  if (found == std::end(table)) throw Error(unknown_name(what, name, names_of(table)));
  return *found;
}

}  // namespace bitsweep
