// From a run to a session that has been scored: everything that comes before measuring.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend.h"
#include "harness/datasets/datasets.h"
#include "harness/experiment.h"
#include "harness/result.h"
#include "harness/roofline.h"

namespace bitsweep {

/// A run on its way from plan to result.
struct Prepared {
  Result result;  ///< outcome ok so far, or final
  /// Alike; none if the outcome is final. The first one is scored, add_sessions adds the others.
  std::vector<std::unique_ptr<Session>> sessions;
  size_t wanted_sessions = 1;  ///< one a stream, or for one stream one a place in memory (see places_of)
  std::function<std::unique_ptr<Session>()> another_session;
  int threads = 1;                  ///< of each session
  const Samples* images = nullptr;  ///< the test images
  std::vector<float> scored;  ///< the outputs of the accuracy check by the first session, [count, classes]
  int64_t classes = 0;
  ComputedShares computed_shares;  ///< of the network's layers
};

/// Prepares the runs of one block; what they share (data, reference outputs, the dense network) is made once.
class Preparation {
 public:
  /// All must outlive it.
  Preparation(const std::vector<Backend>& backends, const Machine& machine, const Measure& measure);
  ~Preparation();

  /// Build, compress, ask the backend why not, calibrate, prepare, look which kernels run, first inference,
  /// accuracy, whether fp32 is fp32. Never throws: a fault becomes the outcome.
  Prepared prepare(const Run& run);

 private:
  struct Shared;
  void prepare_session(Prepared& prepared);

  const std::vector<Backend>& backends_;
  const Machine& machine_;
  const Measure& measure_;
  std::unique_ptr<Shared> shared_;
};

/// Gives the runs of a block the sessions that they still want, to each in turn: so all lie in memory among
/// each other, and none has the better part of it alone. Runs that are compared get as many places.
/// `active(i)` is called before each. A fault becomes the outcome of its run, which then has no sessions.
void add_sessions(std::vector<Prepared>& block, const std::function<void(size_t)>& active);

}  // namespace bitsweep
