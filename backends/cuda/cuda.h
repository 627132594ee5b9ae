// NVIDIA GPUs: cuDNN and cuBLASLt.
#pragma once

#include "harness/backend.h"

namespace bitsweep {

Backend cuda_backend();

}  // namespace bitsweep
