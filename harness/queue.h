// Which block is next. No MPI inside.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/order.h"
#include "harness/plan.h"

namespace bitsweep {

/// The blocks still to be done, handed to whoever asks. A worker that dies takes the MPI job along (Open
/// MPI 4.1): what it had is done when the sweep is started again.
class Queue {
 public:
  /// Leaves out the runs in `finished`; a block of which nothing remains is not queued.
  Queue(const std::vector<Block>& blocks, const Measure& measure, const Limits& limits,
        const std::set<std::string>& finished);

  /// The next order; nothing when all are handed out.
  std::optional<Order> next();

 private:
  std::deque<Order> waiting_;
};

}  // namespace bitsweep
