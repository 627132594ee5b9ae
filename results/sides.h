// The two sides of a comparison, as typed and as stored.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "results/compare.h"

namespace bitsweep {

/// How a side is named, for the text of options.
inline constexpr const char* side_selectors =
    "sessions (a number, NAME, NAME~N, A..B, latest, latest~N), commit:HASH, machine:CLASS, or "
    "library:NAME=VERSION; of each run the latest result";

struct Sides {
  std::vector<Pair> pairs;         ///< in comparable order
  int64_t only_a = 0, only_b = 0;  ///< runs that one side lacks
  std::vector<std::string> notes;  ///< what a reader must know: what either side is, and what differs beside
};

/// Gives the gate of an experiment from its stored text.
using ReadGate = std::function<std::map<std::string, Threshold>(const std::string& spec_text)>;

/// Reads both sides: of each run that passes the filters (see results/filter.h) the latest result. A bounded
/// number of SQL statements. Throws Error if a side is nothing that is known, with what is.
Sides read_sides(const std::string& database, const std::string& a, const std::string& b,
                 const std::vector<std::string>& filters, const ReadGate& read_gate);

}  // namespace bitsweep
