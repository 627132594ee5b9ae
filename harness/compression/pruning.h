// Techniques that remove weights: one file a technique, one table.
#pragma once

#include <string>
#include <vector>

#include "harness/network.h"
#include "harness/run.h"

namespace bitsweep {

/// A row of the table of pruning methods.
struct PruningMethod {
  std::string name;
  std::string meaning;
  void (*apply)(Network& network, double ratio, int64_t seed) = nullptr;
};

/// "none" comes first.
const std::vector<PruningMethod>& pruning_methods();

void prune(Network& network, const Pruning& pruning, int64_t seed);

}  // namespace bitsweep
