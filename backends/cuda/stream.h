// Owners of streams and events.
#pragma once

#include <memory>

#include <cuda_runtime_api.h>

namespace bitsweep::cuda {

namespace stream_detail {
struct Destroy {
  void operator()(cudaStream_t stream) const;
  void operator()(cudaEvent_t event) const;
};
}  // namespace stream_detail

/// Work in order; independent of all other streams.
class Stream {
 public:
  Stream();
  cudaStream_t get() const { return stream_.get(); }
  /// Returns when all that was put in is done. Throws Error with what failed meanwhile.
  void wait() const;

 private:
  std::unique_ptr<CUstream_st, stream_detail::Destroy> stream_;
};

/// A moment in a stream.
class Event {
 public:
  Event();
  cudaEvent_t get() const { return event_.get(); }
  void record(const Stream& stream) const;

 private:
  std::unique_ptr<CUevent_st, stream_detail::Destroy> event_;
};

/// On the device's clock, whose step is about 500 ns. Both must have happened.
double nanoseconds_between(const Event& begin, const Event& end);

}  // namespace bitsweep::cuda
