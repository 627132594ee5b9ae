// Which plan computes a layer: candidates timed on this GPU, the choice kept on disk.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <library_types.h>

#include "backends/cuda/candidate.h"

namespace bitsweep::cuda {

/// A layer that something has to be chosen for.
struct Question {
  std::string text;  ///< equal questions have equal answers
  /// Those of this name, all if it is empty. Called on another thread.
  std::function<std::vector<Candidate>(const std::string& only)> candidates;
  /// Bytes of each operand; 0: none.
  struct Sizes {
    size_t source = 0, weights = 0, bias = 0, shortcut = 0, output = 0;
  } bytes;
  cudaDataType_t type = CUDA_R_32F;  ///< of the random numbers that it is timed with
};

/// The chosen candidates by the questions' texts, for the life of the process. What was chosen before on this
/// GPU, driver and versions of the libraries is read from cache()/cuda/; the rest is built on all cores, then
/// timed: each candidate as a CUDA graph of several launches, all in turn, medians decide. Throws Error if a
/// question has no candidate that runs.
const std::map<std::string, Candidate>& choose(const std::vector<Question>& questions);

}  // namespace bitsweep::cuda
