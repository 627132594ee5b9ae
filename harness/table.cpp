#include "harness/table.h"

#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bitsweep {
namespace {

/// Levenshtein distance, by the usual one-row dynamic programme.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

std::string unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known) {
  const std::string guess = nearest(name, known);
  return fmt::format("unknown {} '{}'; {}known: {}", what, name,
                     guess.empty() ? "" : fmt::format("did you mean '{}'? ", guess), fmt::join(known, ", "));
}

}  // namespace bitsweep
