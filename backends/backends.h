// The table of backends.
#pragma once

#include <vector>

#include "harness/backend.h"

namespace bitsweep {

/// Those this program was built with.
const std::vector<Backend>& backends();

/// fp32 loops with OpenMP: slow, plain, and the judge of all others.
Backend reference_backend();

}  // namespace bitsweep
