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

std::optional<Order> Queue::next(int worker) {
  handed_out_.erase(worker);
  if (waiting_.empty()) return std::nullopt;
  Order order = std::move(waiting_.front());
  waiting_.pop_front();
  handed_out_[worker] = order;
  return order;
}

void Queue::lose(int worker) {
  const auto lost = handed_out_.find(worker);
  if (lost == handed_out_.end()) return;
  if (!lost->second.runs.empty()) waiting_.push_front(std::move(lost->second));
  handed_out_.erase(lost);
}

void Queue::deliver(int worker, const Run& run) {
  if (const auto order = handed_out_.find(worker); order != handed_out_.end())
    std::erase(order->second.runs, run);
}

size_t Queue::runs_queued() const {
  size_t count = 0;
  for (const Order& order : waiting_) count += order.runs.size();
  return count;
}

}  // namespace bitsweep
