// The zoo: one file a family, one table.
#pragma once

#include <string>
#include <vector>

#include "harness/network.h"

namespace bitsweep {

/// A row of the table of models. `build` gives the training form (BatchNorm apart, see fuse()) with seeded
/// weights: equal seeds give equal networks, whatever the number of threads.
struct Model {
  std::string name;
  std::string meaning;
  Network (*build)(int64_t seed) = nullptr;
};

const std::vector<Model>& models();

}  // namespace bitsweep
