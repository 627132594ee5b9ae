// Work that was put into a stream once, to be started again as a whole: CUDA graphs.
#pragma once

#include <functional>
#include <memory>

#include <cuda_runtime_api.h>

#include "backends/cuda/stream.h"

namespace bitsweep::cuda {

class CapturedWork {
 public:
  /// Calls `put_in`, which puts work into the stream; it is recorded and does not run. Throws what put_in
  /// throws, and Error if the work cannot be captured; the stream stays usable.
  CapturedWork(const Stream& stream, const std::function<void(cudaStream_t)>& put_in);

  /// Puts it into the stream, where it runs.
  void launch(const Stream& stream) const;

 private:
  struct Destroy {
    void operator()(cudaGraphExec_t graph) const;
  };
  std::unique_ptr<CUgraphExec_st, Destroy> graph_;
};

}  // namespace bitsweep::cuda
