#include <fmt/format.h>

#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

/// Of seeded filters, see seeded.h: 13 convolutions without any normalisation leave little room for rounding
/// errors.
constexpr float centring = 0.3F;

}  // namespace

Network vgg16(int64_t seed) {
  Network network("vgg16", {3, 224, 224});
  int position = 0;  // in torchvision's nn.Sequential
  const auto next = [&] { return fmt::format("features.{}", position++); };
  int64_t channels = 3;
  for (const auto& [width, depth] : {std::pair{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < depth; ++i) {
      network.add(next(), seeded_convolution(channels, width, square_window(3, 1, 1), centring, seed,
                                             network.layers().size()));
      network.add(next(), relu);
      channels = width;
    }
    network.add(next(), MaxPool{square_window(2, 2, 0)});
  }
  // torchvision's adaptive pooling to 7x7 is the identity for images of 224x224, its dropouts are in
  // inference.
  network.add("flatten", Flatten{});
  network.add("classifier.0", seeded_linear(channels * 7 * 7, 4096, centring, seed, network.layers().size()));
  network.add("classifier.1", relu);
  network.add("classifier.3", seeded_linear(4096, 4096, centring, seed, network.layers().size()));
  network.add("classifier.4", relu);
  network.add("classifier.6", seeded_linear(4096, 1000, centring, seed, network.layers().size()));
  return network;
}

}  // namespace bitsweep
