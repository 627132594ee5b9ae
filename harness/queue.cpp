#include "harness/queue.h"

#include <algorithm>
#include <iterator>

namespace bitsweep {

Queue::Queue(const std::vector<Block>& blocks, const Measure& measure, const Limits& limits,
             const std::set<std::string>& finished) {
  for (const Block& block : blocks) {
    Order order{{}, measure, limits};
    std::copy_if(block.runs.begin(), block.runs.end(), std::back_inserter(order.runs),
                 [&](const Run& run) { return !finished.contains(run_id(run)); });
    if (!order.runs.empty()) waiting_.push_back(std::move(order));
  }
}

std::optional<Order> Queue::next() {
  if (waiting_.empty()) return std::nullopt;
  Order order = std::move(waiting_.front());
  waiting_.pop_front();
  return order;
}

}  // namespace bitsweep
