// What this GPU can do at most.
#pragma once

#include "harness/ceilings.h"

namespace bitsweep::cuda {

/// Products of large matrices of random numbers in each precision that the GPU has, the best of cuBLASLt's
/// algorithms; reading and copying its memory; copying from and to the host. Takes some 6 s and up to 4 GiB
/// of its memory. Throws Error if there is no GPU.
Ceilings measure_ceilings();

}  // namespace bitsweep::cuda
