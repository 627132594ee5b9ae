// The files of results/page/ and Chart.js, embedded by scripts/embed.cmake.
#pragma once

#include <string_view>

namespace bitsweep::page {

/// The content of the file of this name, e.g. "report.css". Throws std::out_of_range if there is none.
std::string_view text(std::string_view name);

}  // namespace bitsweep::page
