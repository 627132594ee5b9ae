#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

/// Of seeded filters, see seeded.h: up to 16 convolutions without any normalisation leave little room for
/// rounding errors.
constexpr float centring = 0.3F;

constexpr double most_width = 16;

/// A column of table 1 of the paper: convolutions of 3x3 before each of the five poolings.
struct Configuration {
  int layers;
  std::array<int, 5> depths;
};

constexpr Configuration configurations[] = {
    {11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};

/// Adds layers with seeded weights under torchvision's names.
class Builder {
 public:
  Builder(const std::string& name, int64_t size, bool normalized, int64_t seed)
      : network_(name, {3, size, size}), normalized_(normalized), seed_(seed) {}

  Network take() { return std::move(network_); }
  int64_t outputs() const { return element_count(network_.output_shape()); }

  void convolve(int64_t channels) {
    const auto layer = static_cast<int64_t>(network_.layers().size());
    add(seeded_convolution(network_.output_shape()[0], channels, square_window(3, 1, 1), centring, seed_,
                           layer));
    if (normalized_) add(seeded_normalization(channels, 1.0F, seed_, layer));
    add(bitsweep::relu);
  }

  void pool() { add(MaxPool{square_window(2, 2, 0)}); }
  void flatten() { network_.add("flatten", Flatten{}); }
  void relu(const std::string& name) { network_.add(name, bitsweep::relu); }
  void connect(const std::string& name, int64_t out) {
    network_.add(
        name, seeded_linear(outputs(), out, centring, seed_, static_cast<int64_t>(network_.layers().size())));
  }

 private:
  void add(Operation operation) {
    network_.add(fmt::format("features.{}", position_++), std::move(operation));
  }

  Network network_;
  bool normalized_;
  int64_t seed_;
  int position_ = 0;  ///< in torchvision's nn.Sequential
};

/// `width` multiplies the channels of the paper.
void add_features(Builder& builder, const Configuration& configuration, double width) {
  int64_t channels = 64;
  for (const int depth : configuration.depths) {
    const int64_t multiplied = 8 * std::llround(width * static_cast<double>(channels) / 8);
    for (int i = 0; i < depth; ++i) builder.convolve(std::max<int64_t>(8, multiplied));
    builder.pool();
    channels = std::min<int64_t>(512, 2 * channels);
  }
  builder.flatten();
}

Network vgg(const std::string& name, const Configuration& configuration, bool normalized, int64_t seed) {
  Builder builder(name, 224, normalized, seed);
  // torchvision's adaptive pooling to 7x7 is the identity for images of 224x224, its dropouts are in
  // inference.
  add_features(builder, configuration, 1);
  builder.connect("classifier.0", 4096);
  builder.relu("classifier.1");
  builder.connect("classifier.3", 4096);
  builder.relu("classifier.4");
  builder.connect("classifier.6", 1000);
  return builder.take();
}

Network cifar_vgg(const std::string& name, const Configuration& configuration, double width, int64_t seed) {
  Builder builder(name, 32, true, seed);
  add_features(builder, configuration, width);
  builder.connect("classifier", 10);
  return builder.take();
}

double read_width(const std::string& text) {
  double width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error != std::errc() || end != text.data() + text.size() || !(width > 0 && width <= most_width))
    throw Error(fmt::format("its width does not fit; right is a factor above 0 and at most {}, such as 0.5",
                            most_width));
  return width;
}

}  // namespace

std::vector<Model> vgg_models() {
  std::vector<Model> rows;
  for (const bool normalized : {false, true})
    for (const Configuration& configuration : configurations) {
      const std::string name = fmt::format("vgg{}{}", configuration.layers, normalized ? "_bn" : "");
      const auto build = [=](int64_t seed) { return vgg(name, configuration, normalized, seed); };
      rows.push_back({name,
                      fmt::format("VGG-{}{}, 224x224 colour images, 1000 classes", configuration.layers,
                                  normalized ? " with BatchNorm" : ""),
                      "", [build](const std::string&) { return build; }});
    }
  return rows;
}

std::vector<Model> cifar_vgg_models() {
  std::vector<Model> rows;
  for (const Configuration& configuration : configurations) {
    const std::string name = fmt::format("vgg{}_cifar", configuration.layers);
    rows.push_back(
        {name,
         fmt::format(
             "VGG-{} with BatchNorm and one linear layer, 32x32 colour images, 10 classes; {}:0.5 has "
             "half the channels",
             configuration.layers, name),
         "1", [=](const std::string& argument) -> Build {
           return [=, width = read_width(argument)](int64_t seed) {
             return cifar_vgg(name, configuration, width, seed);
           };
         }});
  }
  return rows;
}

}  // namespace bitsweep
