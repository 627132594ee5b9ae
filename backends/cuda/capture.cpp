#include "backends/cuda/capture.h"

#include "backends/cuda/check.h"

namespace bitsweep::cuda {
namespace {

struct DestroyGraph {
  void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
};

}  // namespace

void CapturedWork::Destroy::operator()(cudaGraphExec_t graph) const {
  cudaGraphExecDestroy(graph);
}

CapturedWork::CapturedWork(const Stream& stream, const std::function<void(cudaStream_t)>& put_in) {
  check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "begin to capture a graph");
  cudaGraph_t captured = nullptr;
  try {
    put_in(stream.get());
  } catch (...) {
    cudaStreamEndCapture(stream.get(), &captured);
    cudaGetLastError();
    if (captured != nullptr) cudaGraphDestroy(captured);
    throw;
  }
  check(cudaStreamEndCapture(stream.get(), &captured), "capture a graph");
  const std::unique_ptr<CUgraph_st, DestroyGraph> graph(captured);
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, captured, 0), "make a graph executable");
  graph_.reset(executable);
}

void CapturedWork::launch(const Stream& stream) const {
  check(cudaGraphLaunch(graph_.get(), stream.get()), "start a graph");
}

}  // namespace bitsweep::cuda
