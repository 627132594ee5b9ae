// A network as a list of oneDNN primitives with their arguments, made once and executed many times.
#pragma once

#include <memory>

#include "harness/backend.h"

namespace bitsweep::onednn {

/// Weights are packed once; activations stay in the layouts that the primitives choose; bias, ReLU and shortcuts are fused. See
/// backends/README.md for how int8 is computed.
std::unique_ptr<Session> prepare(const Network& network, const SessionRequest& request);

}  // namespace bitsweep::onednn
