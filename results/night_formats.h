// The morning's page as text: for a terminal, a chat, a program, a build server.
#pragma once

#include <string>
#include <vector>

#include "results/night.h"

namespace bitsweep {

struct NightFormat {
  std::string name;
  std::string meaning;
  std::string (*render)(const Night& night);
};

/// text, md, json and junit.
const std::vector<NightFormat>& night_formats();

/// One line: what regressed, improved, recovered.
std::string headline(const Night& night);

/// "+4.1 % (+3.0 to +5.2)", the change with its interval.
std::string change_text(const SeriesVerdict& verdict);

}  // namespace bitsweep
