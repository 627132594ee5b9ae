#include "harness/compression/pruning.h"

#include "harness/compression/magnitude.h"
#include "harness/table.h"

namespace bitsweep {

const std::vector<PruningMethod>& pruning_methods() {
  static const std::vector<PruningMethod> table = {
      {"none", "all weights stay", [](Network&, double, int64_t) {}},
      {"magnitude", "the smallest weights of the whole network become zero", prune_by_magnitude},
  };
  return table;
}

void prune(Network& network, const Pruning& pruning, int64_t seed) {
  pick(pruning_methods(), "pruning method", pruning.method).apply(network, pruning.ratio, seed);
}

}  // namespace bitsweep
