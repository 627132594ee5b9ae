// A network executed by oneDNN on the CPU.
#pragma once

#include "harness/backend.h"

namespace bitsweep::onednn {

/// `network` is in inference form and may be dropped afterwards. Throws Error if oneDNN refuses it.
std::unique_ptr<Session> prepare_session(const Network& network, const SessionRequest& request);

}  // namespace bitsweep::onednn
