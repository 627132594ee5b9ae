#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {

Network mlp(int64_t seed) {
  Network network("mlp", {1, 28, 28});
  network.add("flatten", Flatten{});
  network.add("fc1", seeded_linear(784, 128, seed, network.layers().size()));
  network.add("relu1", Relu{});
  network.add("fc2", seeded_linear(128, 64, seed, network.layers().size()));
  network.add("relu2", Relu{});
  network.add("fc3", seeded_linear(64, 10, seed, network.layers().size()));
  return network;
}

}  // namespace bitsweep
