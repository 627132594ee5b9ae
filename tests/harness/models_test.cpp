#include "harness/models/models.h"

#include <cmath>
#include <numeric>

#include <omp.h>

#include "harness/fusion.h"
#include "harness/models/seeded.h"
#include "harness/table.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

Network build(const char* name) {
  return pick(models(), "model", name).build(1);
}

bool has_layer(const Network& network, const std::string& name) {
  for (const Layer& layer : network.layers())
    if (layer.name == name) return true;
  return false;
}

/// In units of 10^7, as the literature prints "4.09 G".
int64_t ten_million_macs(const Network& network) {
  return std::llround(static_cast<double>(macs(network)) / 1e7);
}

}  // namespace

TEST_CASE("models: parameters and multiplications are those of the literature") {
  const Network mlp = build("mlp");
  CHECK(parameter_count(mlp) == 109'386);
  CHECK(macs(mlp) == 784 * 128 + 128 * 64 + 64 * 10);
  const Network resnet18 = build("resnet18");
  CHECK(parameter_count(resnet18) == 11'689'512);
  CHECK(ten_million_macs(resnet18) == 181);
  const Network resnet50 = build("resnet50");
  CHECK(parameter_count(resnet50) == 25'557'032);
  CHECK(ten_million_macs(resnet50) == 409);
  const Network vgg16 = build("vgg16");
  CHECK(parameter_count(vgg16) == 138'357'544);
  CHECK(ten_million_macs(vgg16) == 1547);
}

TEST_CASE("models: layers bear torchvision's names") {
  const Network resnet50 = build("resnet50");
  for (const char* name : {"conv1", "bn1", "layer1.0.conv1", "layer1.0.downsample.0", "layer1.0.downsample.1",
                           "layer3.5.bn3", "layer4.2.conv3", "fc"})
    CHECK(has_layer(resnet50, name));
  CHECK_FALSE(has_layer(resnet50, "layer1.1.downsample.0"));
  CHECK(has_layer(build("resnet18"), "layer2.0.downsample.0"));
  CHECK_FALSE(has_layer(build("resnet18"), "layer1.0.downsample.0"));
  const Network vgg16 = build("vgg16");
  for (const char* name : {"features.0", "features.28", "classifier.0", "classifier.3", "classifier.6"})
    CHECK(has_layer(vgg16, name));
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
  CHECK(weights_hash(pick(models(), "model", "resnet18").build(2)) != alone);
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
}
