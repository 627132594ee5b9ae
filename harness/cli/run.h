// Carrying out an experiment, for the verbs that do so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/cluster.h"
#include "harness/error.h"
#include "harness/experiment.h"

namespace bitsweep {

struct RunOptions {
  std::string file;
  std::string database;
  std::vector<std::string> only;  ///< ids of runs; empty: all
  bool fresh = false;             ///< begin a new session instead of finishing the latest one
  int64_t confirms = 0;           ///< the session whose suspects, `only`, are measured again; 0: none
};

/// What became of it.
struct Carried {
  ExitCode code = ExitCode::fine;
  bool leads = false;  ///< this process is rank 0 or alone; the other ranks know no more
  Experiment experiment;
  int64_t session = 0;
};

/// The experiment that sessions which confirm one of this experiment belong to: their few runs are no session
/// of its history.
std::string confirming_experiment(const std::string& experiment);

/// Collective over all ranks, and may be called again. Throws Error.
Carried run_experiment(Cluster& cluster, const RunOptions& options);

}  // namespace bitsweep
