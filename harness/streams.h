// Several sessions that infer at once, each as soon as its last inference is done: a closed loop.
#pragma once

#include <atomic>
#include <barrier>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace bitsweep {

/// One thread a stream, each with OpenMP threads of its own, kept between rounds.
class Streams {
 public:
  /// `steps`: one inference of each stream, with `threads` OpenMP threads; called by its own thread only.
  /// `inferences`: a stream, a round; the stream that ends last decides how long a round takes, so they
  /// should be several.
  Streams(std::vector<std::function<void()>> steps, int threads, int64_t inferences);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Returns when each stream has done its inferences. Throws what a step threw; the streams stay usable.
  void round();

  int64_t inferences_a_round() const { return inferences_ * static_cast<int64_t>(steps_.size()); }

 private:
  void work(size_t stream);

  std::vector<std::function<void()>> steps_;
  int threads_a_stream_;
  int64_t inferences_;
  std::vector<std::exception_ptr> errors_;  ///< of each stream in this round
  std::atomic<bool> ending_ = false;
  std::barrier<> begin_, end_;
  std::vector<std::thread> threads_;
};

}  // namespace bitsweep
