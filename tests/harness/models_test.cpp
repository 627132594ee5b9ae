#include "harness/models/models.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <omp.h>

#include "harness/error.h"
#include "harness/fusion.h"
#include "harness/models/seeded.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

Network build(std::string_view text) {
  return build_model(text, 1);
}

bool has_layer(const Network& network, const std::string& name) {
  for (const Layer& layer : network.layers())
    if (layer.name == name) return true;
  return false;
}

struct Size {
  int64_t parameters;
  double million_macs;  ///< of an image, as the literature prints them
};

/// Of every model in the table. Sources: torchvision's table of weights; for CIFAR's ResNets the 269,722 ...
/// of the paper's option A and 2,752 of the projections; the VGGs of CIFAR have the convolutions of Keras'
/// VGG16 without its top (14,714,688), 2 x 4,224 of BatchNorm and 5,130 of the classifier.
const std::map<std::string, Size> sizes = {
    {"mlp", {109'386, 0.109184}},         {"resnet18", {11'689'512, 1814}},
    {"resnet34", {21'797'672, 3664}},     {"resnet50", {25'557'032, 4089}},
    {"resnet101", {44'549'160, 7801}},    {"resnet152", {60'192'808, 11514}},
    {"resnet20", {272'474, 40.81}},       {"resnet32", {466'906, 69.12}},
    {"resnet44", {661'338, 97.44}},       {"resnet56", {855'770, 125.75}},
    {"vgg11", {132'863'336, 7609}},       {"vgg13", {133'047'848, 11308}},
    {"vgg16", {138'357'544, 15470}},      {"vgg19", {143'667'240, 19632}},
    {"vgg11_bn", {132'868'840, 7609}},    {"vgg13_bn", {133'053'736, 11308}},
    {"vgg16_bn", {138'365'992, 15470}},   {"vgg19_bn", {143'678'248, 19632}},
    {"vgg11_cifar", {9'231'114, 152.8}},  {"vgg13_cifar", {9'416'010, 228.3}},
    {"vgg16_cifar", {14'728'266, 313.2}}, {"vgg19_cifar", {20'040'522, 398.1}},
};

}  // namespace

TEST_CASE("models: parameters and multiplications of all are those of the literature") {
  for (const Model& model : models()) {
    CAPTURE(model.name);
    REQUIRE(sizes.count(model.name) == 1);
    const Size& size = sizes.at(model.name);
    const Network network = build(model.name);
    CHECK(parameter_count(network) == size.parameters);
    CHECK(static_cast<double>(macs(network)) == Approx(size.million_macs * 1e6).epsilon(0.001));
  }
}

TEST_CASE("models: layers bear torchvision's names") {
  const Network resnet50 = build("resnet50");
  for (const char* name : {"conv1", "bn1", "layer1.0.conv1", "layer1.0.downsample.0", "layer1.0.downsample.1",
                           "layer3.5.bn3", "layer4.2.conv3", "fc"})
    CHECK(has_layer(resnet50, name));
  CHECK_FALSE(has_layer(resnet50, "layer1.1.downsample.0"));
  CHECK(has_layer(build("resnet18"), "layer2.0.downsample.0"));
  CHECK_FALSE(has_layer(build("resnet18"), "layer1.0.downsample.0"));
  const Network vgg11 = build("vgg11");
  for (const char* name : {"features.0", "features.18", "classifier.0", "classifier.3", "classifier.6"})
    CHECK(has_layer(vgg11, name));
}

TEST_CASE(
    "models: BatchNorm of a VGG follows its convolution, which keeps its bias, in torchvision's count") {
  const Network network = build("vgg16_cifar:0.125");
  const auto is = [&](const char* name, const char* kind_of_layer) {
    for (const Layer& layer : network.layers())
      if (layer.name == name) return kind(layer) == kind_of_layer;
    return false;
  };
  CHECK(is("features.0", "convolution"));
  CHECK(is("features.1", "batchnorm"));
  CHECK(is("features.40", "convolution"));
  CHECK(is("features.41", "batchnorm"));
  CHECK(is("features.43", "max_pool"));
  CHECK_FALSE(std::get<Convolution>(network.layers()[1].operation).bias == Tensor{});
}

TEST_CASE("models: CIFAR's ResNets project where a stage begins") {
  const Network network = build("resnet20");
  CHECK(has_layer(network, "layer2.0.downsample.0"));
  CHECK(has_layer(network, "layer3.0.downsample.1"));
  CHECK_FALSE(has_layer(network, "layer1.0.downsample.0"));
  CHECK(has_layer(network, "layer3.2.conv2"));
  CHECK(network.input_shape() == Shape{3, 32, 32});
}

TEST_CASE("models: the widths of a perceptron are its argument") {
  const Network network = build("mlp:3072-500-20");
  CHECK(network.input_shape() == Shape{3, 32, 32});
  CHECK(network.output_shape() == Shape{20});
  CHECK(parameter_count(network) == 3072 * 500 + 500 + 500 * 20 + 20);
  CHECK(build("mlp:17-3").input_shape() == Shape{17});
  CHECK(weights_hash(build("mlp:784-128-64-10")) == weights_hash(build("mlp")));
}

TEST_CASE("models: the width of CIFAR's VGGs is their argument, in channels that are multiples of 8") {
  const auto channels = [](const char* text) {
    std::vector<int64_t> widths;
    const Network network = build(text);
    for (const Layer& layer : network.layers())
      if (kind(layer) == "convolution") widths.push_back(layer.shape[0]);
    return widths;
  };
  CHECK(channels("vgg11_cifar:0.5") == std::vector<int64_t>{32, 64, 128, 128, 256, 256, 256, 256});
  CHECK(channels("vgg11_cifar:0.3") == std::vector<int64_t>{16, 40, 80, 80, 152, 152, 152, 152});
  CHECK(channels("vgg11_cifar:0.01") == std::vector<int64_t>(8, 8));
}

TEST_CASE("models: a text that names no model is told with what would be right") {
  const auto refused = [](const char* text, const char* message) {
    CAPTURE(text);
    CHECK_THROWS_WITH(find_model(text), ContainsSubstring(message));
  };
  refused("vgg17", "unknown model 'vgg17'; did you mean 'vgg1");
  refused("vgg17:0.5", "unknown model 'vgg17'");
  refused("", "unknown model ''");
  refused("resnet18:2", "model 'resnet18:2': resnet18 takes no argument; right is resnet18");
  refused("resnet18:", "resnet18 takes no argument");
  for (const char* text : {"mlp:", "mlp:784", "mlp:784-", "mlp:-784-10", "mlp:784-0-10", "mlp:784--10",
                           "mlp:784-x", "mlp:784-10 ", "mlp:784-65537", "mlp:99999999999999999999-10"})
    refused(text, "its widths do not fit; right is two or more, each 1 to 65536, such as 784-128-64-10");
  for (const char* text : {"vgg16_cifar:", "vgg16_cifar:0", "vgg16_cifar:-1", "vgg16_cifar:17",
                           "vgg16_cifar:nan", "vgg16_cifar:inf", "vgg16_cifar:0.5x", "vgg16_cifar:half"})
    refused(text, "its width does not fit; right is a factor above 0 and at most 16, such as 0.5");
}

TEST_CASE("models: a ResNet in inference form has convolutions, two pools and a classifier only") {
  const Network network = fuse(build("resnet50"));
  int64_t convolutions = 0, shortcuts = 0, others = 0;
  for (const Layer& layer : network.layers()) {
    if (std::holds_alternative<Convolution>(layer.operation))
      ++convolutions, shortcuts += layer.inputs.size() == 2;
    else
      ++others;
  }
  CHECK(convolutions == 53);
  CHECK(shortcuts == 16);
  CHECK(others == 5);  // input, maxpool, avgpool, flatten, fc
}

TEST_CASE("models: equal seeds give equal networks whatever the number of threads, others give others") {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const std::string alone = weights_hash(build("resnet18"));
  omp_set_num_threads(3);
  CHECK(weights_hash(build("resnet18")) == alone);
  omp_set_num_threads(threads);
  CHECK(weights_hash(build_model("resnet18", 2)) != alone);
}

TEST_CASE("models: seeded values fill their range evenly, and streams differ") {
  const Tensor values = uniform({100'000}, -1, 3, 5, 1);
  const double mean = std::accumulate(values.values.begin(), values.values.end(), 0.0) / 1e5;
  double power = 0;
  for (const float value : values.values) power += (value - mean) * (value - mean) / 1e5;
  CHECK(mean == Approx(1).margin(0.02));
  CHECK(power == Approx(16.0 / 12).margin(0.02));
  CHECK(*std::min_element(values.values.begin(), values.values.end()) >= -1);
  CHECK(*std::max_element(values.values.begin(), values.values.end()) < 3);
  CHECK(uniform({100}, -1, 3, 5, 2) != uniform({100}, -1, 3, 5, 1));
  CHECK(uniform({100}, -1, 3, 6, 1) != uniform({100}, -1, 3, 5, 1));
  // The very values: they must not change from version to version, or series break.
  CHECK(weights_hash(build("mlp")) == "e89837d26e8af47ac60f82706948dc0d");
  CHECK(weights_hash(build("resnet18")) == "d4ac9de44c496b668af1e43c07d69519");
  CHECK(weights_hash(build("vgg11_cifar:0.25")) == "f0c4b0aaeccff79fccb65f250a0934aa");
}
