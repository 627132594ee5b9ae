// Names that come from a file, fit for messages.
#pragma once

#include <string>

namespace bitsweep {

/// At most 80 printable ASCII characters; others are shown as '?'.
std::string printable(const std::string& name);

}  // namespace bitsweep
