// What a person sees of a sweep while it runs.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <string>

#include "harness/order.h"
#include "harness/result.h"

namespace bitsweep {

/// One line a result; on a terminal also a last line that says how far it is, what each worker does and how
/// long it will take.
class Progress {
 public:
  /// `total` counts the runs of the whole plan, `done` those that were finished before.
  Progress(std::FILE* stream, size_t total, size_t done);

  void started(const std::string& worker, const Order& order);
  void finished(const std::string& worker, const Result& result);
  /// Removes the status line.
  void end();

 private:
  void show_status();
  void clear_status();

  std::FILE* stream_;
  bool terminal_;
  size_t total_, done_, done_before_;
  std::chrono::steady_clock::time_point begin_;
  std::map<std::string, std::string> doing_;  // worker → what
};

}  // namespace bitsweep
