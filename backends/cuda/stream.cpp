#include "backends/cuda/stream.h"

#include "backends/cuda/check.h"

namespace bitsweep::cuda {

void stream_detail::Destroy::operator()(cudaStream_t stream) const {
  cudaStreamDestroy(stream);
}
void stream_detail::Destroy::operator()(cudaEvent_t event) const {
  cudaEventDestroy(event);
}

Stream::Stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "create a stream");
  stream_.reset(stream);
}

void Stream::wait() const {
  check(cudaStreamSynchronize(stream_.get()), "wait for the GPU");
}

Event::Event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "create an event");
  event_.reset(event);
}

void Event::record(const Stream& stream) const {
  check(cudaEventRecord(event_.get(), stream.get()), "record an event");
}

double nanoseconds_between(const Event& begin, const Event& end) {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "read the time between two events");
  return milliseconds * 1e6;
}

}  // namespace bitsweep::cuda
