#include <array>
#include <string>

#include <fmt/format.h>

#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

constexpr float centring = 0.65F;  ///< of seeded filters, see seeded.h

/// Adds the layers of a ResNet under torchvision's names, with seeded weights that behave like trained ones:
/// each BatchNormalization has about the mean and variance that its input has.
class Builder {
 public:
  Builder(const char* name, int64_t seed) : network_(name, {3, 224, 224}), seed_(seed) {}

  Network take() { return std::move(network_); }
  size_t last() const { return network_.layers().size() - 1; }
  int64_t channels(size_t layer) const { return network_.layers()[layer].shape[0]; }

  /// A convolution without bias and its BatchNormalization, whose scales lie around `scale`.
  size_t convolve(const std::string& name, const std::string& normalization, size_t input, int64_t out,
                  Window window, float scale) {
    const auto layer = static_cast<int64_t>(network_.layers().size());
    Convolution convolution = seeded_convolution(channels(input), out, window, centring, seed_, layer);
    convolution.bias = {};
    network_.add(name, std::move(convolution), {input});
    return network_.add(normalization, seeded_normalization(out, scale, 8 * layer));
  }

  size_t relu(const std::string& name) { return network_.add(name, bitsweep::relu); }
  size_t add(const std::string& name, size_t a, size_t b) { return network_.add(name, Add{}, {a, b}); }
  size_t max_pool() { return network_.add("maxpool", MaxPool{square_window(3, 2, 1)}); }

  void classify(int64_t classes) {
    network_.add("avgpool", GlobalAveragePool{});
    network_.add("flatten", Flatten{});
    network_.add("fc", seeded_linear(channels(last()), classes, centring, seed_,
                                     static_cast<int64_t>(network_.layers().size())));
  }

 private:
  BatchNormalization seeded_normalization(int64_t out, float scale, int64_t stream) const {
    return {uniform({out}, 0.8F * scale, 1.2F * scale, seed_, stream + 2),
            uniform({out}, -0.2F * scale, 0.2F * scale, seed_, stream + 3),
            uniform({out}, -0.2F, 0.2F, seed_, stream + 4), uniform({out}, 0.8F, 1.2F, seed_, stream + 5)};
  }

  Network network_;
  int64_t seed_;
};

/// One residual block: its convolutions add a correction to what the shortcut carries.
struct Block {
  std::string name;
  int64_t width;
  int64_t stride;
  bool bottleneck;

  int64_t out() const { return bottleneck ? 4 * width : width; }
};

/// The share of the correction. Trained networks have small scales there; with scale 1 the variance would
/// double with each block, and so would the share of rounding errors.
constexpr float correction_scale = 0.3F;

void add_block(Builder& builder, const Block& block) {
  const size_t input = builder.last();
  const auto convolve = [&](int number, size_t from, int64_t out, Window window, float scale) {
    return builder.convolve(fmt::format("{}.conv{}", block.name, number),
                            fmt::format("{}.bn{}", block.name, number), from, out, window, scale);
  };
  // Before the convolutions, so that the last of them takes the addition when the network is fused.
  size_t shortcut = input;
  if (block.stride != 1 || builder.channels(input) != block.out())
    shortcut = builder.convolve(block.name + ".downsample.0", block.name + ".downsample.1", input,
                                block.out(), square_window(1, block.stride, 0), 1.0F);
  if (block.bottleneck) {
    convolve(1, input, block.width, square_window(1, 1, 0), 1.0F);
    builder.relu(block.name + ".relu1");
    convolve(2, builder.last(), block.width, square_window(3, block.stride, 1), 1.0F);
    builder.relu(block.name + ".relu2");
    convolve(3, builder.last(), block.out(), square_window(1, 1, 0), correction_scale);
  } else {
    convolve(1, input, block.width, square_window(3, block.stride, 1), 1.0F);
    builder.relu(block.name + ".relu1");
    convolve(2, builder.last(), block.width, square_window(3, 1, 1), correction_scale);
  }
  builder.add(block.name + ".add", builder.last(), shortcut);
  builder.relu(block.name + ".relu");
}

Network resnet(const char* name, std::array<int, 4> depths, bool bottleneck, int64_t seed) {
  Builder builder(name, seed);
  builder.convolve("conv1", "bn1", 0, 64, square_window(7, 2, 3), 1.0F);
  builder.relu("relu");
  builder.max_pool();
  for (int stage = 0; stage < 4; ++stage)
    for (int index = 0; index < depths[stage]; ++index)
      add_block(builder, {fmt::format("layer{}.{}", stage + 1, index), int64_t{64} << stage,
                          stage > 0 && index == 0 ? 2 : 1, bottleneck});
  builder.classify(1000);
  return builder.take();
}

}  // namespace

Network resnet18(int64_t seed) {
  return resnet("resnet18", {2, 2, 2, 2}, false, seed);
}

Network resnet50(int64_t seed) {
  return resnet("resnet50", {3, 4, 6, 3}, true, seed);
}

}  // namespace bitsweep
