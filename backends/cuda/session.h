// A network executed by cuDNN and cuBLASLt on a GPU.
#pragma once

#include "harness/backend.h"

namespace bitsweep::cuda {

/// `network` is in inference form and may be dropped afterwards. Throws Error if the GPU or a library
/// refuses.
std::unique_ptr<Session> prepare_session(const Network& network, const SessionRequest& request);

}  // namespace bitsweep::cuda
