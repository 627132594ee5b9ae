#include <array>
#include <string>

#include <fmt/format.h>

#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

constexpr float centring = 0.65F;  ///< of seeded filters, see seeded.h

/// Adds the layers of a ResNet under torchvision's names, with seeded weights.
class Builder {
 public:
  Builder(const std::string& name, int64_t size, int64_t seed)
      : network_(name, {3, size, size}), seed_(seed) {}

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
    return network_.add(normalization, seeded_normalization(out, scale, seed_, layer));
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

/// Adds one stage: `depth` blocks, of which the first may stride.
void add_stage(Builder& builder, int number, int64_t width, int64_t depth, bool bottleneck) {
  for (int64_t index = 0; index < depth; ++index)
    add_block(builder, {fmt::format("layer{}.{}", number, index), width, number > 1 && index == 0 ? 2 : 1,
                        bottleneck});
}

/// A row of table 1 of the paper.
struct Configuration {
  int layers;
  std::array<int, 4> depths;
  bool bottleneck;
};

constexpr Configuration configurations[] = {
    {18, {2, 2, 2, 2}, false},  {34, {3, 4, 6, 3}, false},  {50, {3, 4, 6, 3}, true},
    {101, {3, 4, 23, 3}, true}, {152, {3, 8, 36, 3}, true},
};

Network resnet(const std::string& name, const Configuration& configuration, int64_t seed) {
  Builder builder(name, 224, seed);
  builder.convolve("conv1", "bn1", 0, 64, square_window(7, 2, 3), 1.0F);
  builder.relu("relu");
  builder.max_pool();
  for (int stage = 0; stage < 4; ++stage)
    add_stage(builder, stage + 1, int64_t{64} << stage, configuration.depths[stage],
              configuration.bottleneck);
  builder.classify(1000);
  return builder.take();
}

/// Of 6 depth + 2 layers: two convolutions a block, three stages of `depth` blocks.
Network cifar_resnet(const std::string& name, int64_t depth, int64_t seed) {
  Builder builder(name, 32, seed);
  builder.convolve("conv1", "bn1", 0, 16, square_window(3, 1, 1), 1.0F);
  builder.relu("relu");
  for (int stage = 0; stage < 3; ++stage) add_stage(builder, stage + 1, int64_t{16} << stage, depth, false);
  builder.classify(10);
  return builder.take();
}

}  // namespace

std::vector<Model> resnet_models() {
  std::vector<Model> rows;
  for (const Configuration& configuration : configurations) {
    const std::string name = fmt::format("resnet{}", configuration.layers);
    const auto build = [name, configuration](int64_t seed) { return resnet(name, configuration, seed); };
    rows.push_back({name,
                    fmt::format("ResNet-{}{}, 224x224 colour images, 1000 classes", configuration.layers,
                                configuration.bottleneck ? " v1.5" : ""),
                    "", [build](const std::string&) { return build; }});
  }
  return rows;
}

std::vector<Model> cifar_resnet_models() {
  std::vector<Model> rows;
  for (const int layers : {20, 32, 44, 56}) {
    const std::string name = fmt::format("resnet{}", layers);
    const auto build = [name, layers](int64_t seed) { return cifar_resnet(name, (layers - 2) / 6, seed); };
    rows.push_back({name, fmt::format("ResNet-{} for CIFAR, 32x32 colour images, 10 classes", layers), "",
                    [build](const std::string&) { return build; }});
  }
  return rows;
}

}  // namespace bitsweep
