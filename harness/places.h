// Where files lie that are not named on the command line.
#pragma once

#include <filesystem>

namespace bitsweep {

/// The folder of what ships with bitsweep (experiments/ and below): $BITSWEEP_HOME, else the source tree it
/// was built from.
std::filesystem::path home();

/// The folder of what was fetched or measured once: $BITSWEEP_DATA, else $XDG_CACHE_HOME/bitsweep, else
/// ~/.cache/bitsweep.
std::filesystem::path cache();

}  // namespace bitsweep
