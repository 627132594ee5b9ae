// oneDNN on the CPU.
#pragma once

#include "harness/backend.h"

namespace bitsweep {

Backend onednn_backend();

}  // namespace bitsweep
