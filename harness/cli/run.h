// Carrying out an experiment, for the verbs that do so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/error.h"
#include "harness/experiment.h"

namespace bitsweep {

struct RunOptions {
  std::string file;
  std::string database;
  std::vector<std::string> only;  ///< ids of runs; empty: all
  bool fresh = false;             ///< begin a new session instead of finishing the latest one
};

/// What became of it.
struct Carried {
  ExitCode code = ExitCode::fine;
  bool leads = false;  ///< this process is rank 0 or alone; the other ranks know no more
  Experiment experiment;
  int64_t session = 0;
};

/// Collective over all ranks. Throws Error.
Carried run_experiment(const RunOptions& options);

}  // namespace bitsweep
