#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

constexpr float centring = 0.5F;  ///< of seeded filters, see seeded.h

}  // namespace

Network mlp(int64_t seed) {
  Network network("mlp", {1, 28, 28});
  network.add("flatten", Flatten{});
  network.add("fc1", seeded_linear(784, 128, centring, seed, network.layers().size()));
  network.add("relu1", relu);
  network.add("fc2", seeded_linear(128, 64, centring, seed, network.layers().size()));
  network.add("relu2", relu);
  network.add("fc3", seeded_linear(64, 10, centring, seed, network.layers().size()));
  return network;
}

}  // namespace bitsweep
