#include "harness/streams.h"

#include <utility>

#include "harness/denormals.h"

namespace bitsweep {

Streams::Streams(std::vector<std::function<void()>> steps, int threads, int64_t inferences)
    : steps_(std::move(steps)),
      threads_a_stream_(threads),
      inferences_(inferences),
      errors_(steps_.size()),
      begin_(static_cast<std::ptrdiff_t>(steps_.size()) + 1),
      end_(static_cast<std::ptrdiff_t>(steps_.size()) + 1) {
  for (size_t stream = 0; stream < steps_.size(); ++stream)
    threads_.emplace_back([this, stream] { work(stream); });
}

Streams::~Streams() {
  ending_ = true;
  begin_.arrive_and_wait();
  for (std::thread& thread : threads_) thread.join();
}

void Streams::round() {
  begin_.arrive_and_wait();
  end_.arrive_and_wait();
  for (std::exception_ptr& error : errors_)
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
}

void Streams::work(size_t stream) {
  flush_denormals(threads_a_stream_);
  while (true) {
    begin_.arrive_and_wait();
    if (ending_) return;
    try {
      for (int64_t i = 0; i < inferences_; ++i) steps_[stream]();
    } catch (...) {
      errors_[stream] = std::current_exception();
    }
    end_.arrive_and_wait();
  }
}

}  // namespace bitsweep
