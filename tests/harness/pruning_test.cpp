#include "harness/compression/pruning.h"

#include <cmath>

#include "harness/error.h"
#include "harness/models/models.h"
#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

namespace {

Network two_layers() {
  Network network("net", {4});
  network.add("first", Linear{{{2, 4}, {4, -1, 3, -8, 2, 7, -5, 6}}, {{2}, {0.1F, 0.1F}}});
  network.add("second", Linear{{{1, 2}, {-0.5F, 9}}, {{1}, {0.1F}}});
  return network;
}

}  // namespace

TEST_CASE("pruning: the smallest weights of the whole network become zero, biases stay") {
  Network network = two_layers();
  prune(network, {"magnitude", 0.4}, 1);
  CHECK(network.weights(1)->values == std::vector<float>{4, 0, 0, -8, 0, 7, -5, 6});
  CHECK(network.weights(2)->values == std::vector<float>{0, 9});
  CHECK(std::get<Linear>(network.layers()[1].operation).bias.values == std::vector<float>{0.1F, 0.1F});
}

TEST_CASE("pruning: of equal weights the first become zero, and no more than asked for") {
  Network network("net", {6});
  network.add("fc", Linear{{{1, 6}, {1, -1, 1, 1, -1, 1}}, {{1}, {0}}});
  prune(network, {"magnitude", 0.5}, 1);
  CHECK(network.weights(1)->values == std::vector<float>{0, 0, 0, 1, -1, 1});
}

TEST_CASE("pruning: any ratio leaves the exact number of zeros, and the larger weights") {
  const double ratio = GENERATE(0.0, 0.001, 0.25, 0.5, 0.9, 0.999);
  Network network = build_model("mlp", 3);
  const Network before = network;
  prune(network, {"magnitude", ratio}, 1);
  const ZeroCount count = count_zeros(network);
  CHECK(count.zeros == std::llround(ratio * static_cast<double>(count.weights)));
  float largest_gone = 0, smallest_left = 1e9F;
  for (size_t layer = 0; layer < network.layers().size(); ++layer) {
    if (!network.weights(layer)) continue;
    const auto& now = network.weights(layer)->values;
    const auto& then = before.weights(layer)->values;
    for (size_t i = 0; i < now.size(); ++i) {
      if (now[i] == 0) largest_gone = std::max(largest_gone, std::abs(then[i]));
      if (now[i] != 0) smallest_left = std::min(smallest_left, std::abs(then[i]));
      if (now[i] != 0) REQUIRE(now[i] == then[i]);
    }
  }
  CHECK(largest_gone <= smallest_left);
}

TEST_CASE("pruning: none changes nothing, and an unknown method is refused with the known ones") {
  Network network = two_layers();
  prune(network, {}, 1);
  CHECK(weights_hash(network) == weights_hash(two_layers()));
  CHECK_THROWS_WITH(prune(network, {"magnitud", 0.5}, 1), ContainsSubstring("did you mean 'magnitude'?"));
}
