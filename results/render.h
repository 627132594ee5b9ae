// A table as text: aligned for people, CSV and JSON for programs, Markdown for both.
#pragma once

#include <string>
#include <vector>

#include "results/rows.h"

namespace bitsweep {

/// A row of the table of formats.
struct Format {
  std::string name;
  std::string meaning;
  std::string (*render)(const Rows&) = nullptr;
  bool for_people = false;  ///< numbers with units and few digits
};

/// "table" comes first.
const std::vector<Format>& formats();

}  // namespace bitsweep
