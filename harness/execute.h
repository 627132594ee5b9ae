// Run → Result on this node: the only place where the steps are ordered.
#pragma once

#include <functional>
#include <vector>

#include "harness/backend.h"
#include "harness/order.h"
#include "harness/result.h"

namespace bitsweep {

/// Carries out one block in this process: prepares and scores each run, measures those that can be trusted
/// against each other, then takes the evidence of each. Tells which run is active (position in the order) and
/// gives one result a run. What a run throws becomes its outcome; the others go on.
void execute(const Order& order, const std::vector<Backend>& backends,
             const std::function<void(size_t)>& active,
             const std::function<void(size_t, const Result&)>& finished);

}  // namespace bitsweep
