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

/// As the text of a cell or a line of Markdown: nothing in it means anything to Markdown or HTML.
std::string escaped_for_markdown(const std::string& words);

/// "table" comes first.
const std::vector<Format>& formats();

}  // namespace bitsweep
