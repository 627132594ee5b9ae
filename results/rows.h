// A table of values, between where it is read and where it is shown.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace bitsweep {

/// One value; monostate: there is none.
using Cell = std::variant<std::monostate, int64_t, double, std::string>;

struct Heading {
  std::string name;
  std::string unit;  ///< of the numbers below it, e.g. "ns"; may be empty
};

struct Rows {
  std::vector<Heading> headings;
  std::vector<std::vector<Cell>> cells;  ///< [row][column]
};

}  // namespace bitsweep
