// Which block is next. No MPI inside.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/order.h"
#include "harness/plan.h"

namespace bitsweep {

/// The blocks still to be done, handed to whoever asks.
class Queue {
 public:
  /// Leaves out the runs in `finished`; a block of which nothing remains is not queued.
  Queue(const std::vector<Block>& blocks, const Measure& measure, const Limits& limits,
        const std::set<std::string>& finished);

  /// The next order for this worker, which then has it until it asks again.
  std::optional<Order> next(int worker);

  /// Puts back what a lost worker had, except for the runs that it delivered.
  void lose(int worker);

  /// Notes that a run has its result.
  void deliver(int worker, const Run& run);

  size_t runs_queued() const;

 private:
  std::deque<Order> waiting_;
  std::map<int, Order> handed_out_;
};

}  // namespace bitsweep
