// Everything that is kept of one result, for a person to read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/rows.h"

namespace bitsweep {

struct Account {
  int64_t session = 0;
  std::string experiment, run, outcome, reason, started, machine, software;
  Rows metrics;                          ///< name, value with its unit
  std::vector<std::string> explanation;  ///< why it is as fast as it is
  std::vector<std::string> notes;
  Rows layers;    ///< the longest first: name, kind, implementation, data types, layouts, time, shares
  Rows evidence;  ///< name, value
};

/// The latest result of the run whose id begins with `run`; of one session, unless that is "latest" or "all".
/// Throws Error if there is none, or if several runs begin so, with their ids.
Account read_account(const std::string& database, const std::string& run, const std::string& session);

/// As text: headline, why, notes, metrics, at most `most_layers` layers (0: all), evidence.
std::string to_text(const Account& account, size_t most_layers);

}  // namespace bitsweep
