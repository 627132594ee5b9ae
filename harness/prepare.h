// From a run to a session that has been scored: everything that comes before measuring.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/datasets/datasets.h"
#include "harness/result.h"

namespace bitsweep {

/// A run on its way from plan to result.
struct Prepared {
  Result result;                     ///< outcome ok so far, or final
  std::unique_ptr<Session> session;  ///< null if the outcome is final
  const Samples* images = nullptr;   ///< the test images
  std::vector<float> scored;         ///< the outputs of the accuracy check, [count, classes]
  int64_t classes = 0;
};

/// Prepares the runs of one block; what they share (data, reference outputs, the dense network) is made once.
class Preparation {
 public:
  Preparation(const std::vector<Backend>& backends, const Machine& machine);
  ~Preparation();

  /// Build, compress, ask the backend why not, calibrate, prepare, first inference, accuracy. Never throws: a
  /// fault becomes the outcome.
  Prepared prepare(const Run& run);

 private:
  struct Shared;
  void prepare_session(Prepared& prepared);

  const std::vector<Backend>& backends_;
  const Machine& machine_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace bitsweep
