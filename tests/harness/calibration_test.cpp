#include <cmath>
#include <limits>
#include <random>

#include "harness/compression/histogram.h"
#include "harness/compression/quantization.h"
#include "harness/error.h"
#include "harness/table.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// Shows its input as the output of each of its layers.
class Mirror : public Session {
 public:
  explicit Mirror(size_t layers) : layers_(layers) {}
  void infer(std::span<const float>, std::span<float>) override {}
  void trace(std::span<const float> input, const Observer& observe) override {
    for (size_t layer = 0; layer < layers_; ++layer) observe(layer, input);
  }
  std::vector<LayerRecord> profile(std::span<const float>, int) override { return {}; }
  int64_t weight_bytes() const override { return 0; }
  int64_t activation_bytes() const override { return 0; }

 private:
  size_t layers_;
};

Network three_layers() {
  Network network("net", {1000});
  network.add("middle", relu);
  network.add("last", relu);
  return network;
}

/// Ten images of 1000 values: a normal distribution, made non-negative if `rectified`, and one value of 50.
Samples images_with_outlier(bool rectified) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Samples images{{1000}, 10, {}, {}, ""};
  for (int i = 0; i < 10'000; ++i)
    images.values.push_back(rectified ? std::max(0.0F, normal(random)) : normal(random));
  images.values[1234] = 50;
  return images;
}

std::vector<Range> calibrated(const Samples& images, const std::string& method) {
  Mirror session(3);
  return calibrate(session, three_layers(), images, 4, method);
}

/// Mean squared error of 8 bits over a range.
double error_of(const Samples& images, Range range) {
  const float limit = std::max(-range.low, range.high);
  const float step = limit / (range.low < 0 ? 127 : 255);
  double sum = 0;
  for (const float value : images.values) {
    const float rounded = std::clamp(std::nearbyint(value / step) * step, range.low, range.high);
    sum += std::pow(value - rounded, 2) / static_cast<double>(images.values.size());
  }
  return sum;
}

}  // namespace

TEST_CASE("calibration: minmax takes all values seen, over all images") {
  const Samples images{{4}, 3, {1, 2, 3, 4, -5, 0, 0, 0, 0, 0, 0, 9}, {}, ""};
  Mirror session(2);
  Network network("net", {4});
  network.add("relu", relu);
  const std::vector<Range> ranges = calibrate(session, network, images, 2, "minmax");
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].low == -5);
  CHECK(ranges[0].high == 9);
}

TEST_CASE("calibration: a range always holds zero") {
  const Samples images{{2}, 1, {3, 4}, {}, ""};
  Mirror session(1);
  CHECK(calibrate(session, Network("net", {2}), images, 1, "minmax")[0].low == 0);
}

TEST_CASE(
    "calibration: percentile and entropy cut a lone large value off, but never in the input or the last "
    "layer") {
  const std::string method =
      GENERATE("percentile", "entropy");  // to mse one value of 50 outweighs 10,000 of 1
  const bool rectified = GENERATE(false, true);
  const std::vector<Range> ranges = calibrated(images_with_outlier(rectified), method);
  CHECK(ranges[1].high < 10);
  CHECK(ranges[1].high > 2);
  CHECK(ranges[1].low == (rectified ? Approx(0) : Approx(-ranges[1].high).margin(2)));
  CHECK(ranges[0].high == 50);
  CHECK(ranges[2].high == 50);
}

TEST_CASE("calibration: where nothing is rare, nothing worth mentioning is cut off") {
  const std::string method = GENERATE("percentile", "entropy", "mse");
  Samples images{{1000}, 10, std::vector<float>(10'000), {}, ""};
  for (size_t i = 0; i < images.values.size(); ++i) images.values[i] = static_cast<float>(i) / 1e4F;
  CHECK(calibrated(images, method)[1].high > 0.95F);
}

TEST_CASE("calibration: values that lie close together are not clipped to the one that is apart") {
  // As after the sigmoid of a gate: a heap around 0.5, and a single value near 0.
  Samples images{{1000}, 10, std::vector<float>(10'000), {}, ""};
  for (size_t i = 0; i < images.values.size(); ++i)
    images.values[i] = 0.5F + 0.01F * static_cast<float>(i % 7);
  images.values[77] = 0.01F;
  for (const std::string& method : names_of(calibration_methods())) {
    INFO(method);
    CHECK(calibrated(images, method)[1].high >= 0.55F);
  }
}

TEST_CASE("calibration: mse has the least squared error of all methods") {
  const bool rectified = GENERATE(false, true);
  const Samples images = images_with_outlier(rectified);
  const double least = error_of(images, calibrated(images, "mse")[1]);
  for (const std::string& method : names_of(calibration_methods()))
    CHECK(least <= 1.05 * error_of(images, calibrated(images, method)[1]));
}

TEST_CASE("calibration: a layer of zeros keeps its empty range") {
  const std::string method = GENERATE("minmax", "percentile", "entropy", "mse");
  const Samples images{{1000}, 1, std::vector<float>(1000, 0.0F), {}, ""};
  CHECK(calibrated(images, method)[1].high == 0);
}

TEST_CASE("calibration: values that are not finite are refused with the layer's name") {
  Samples images{{1000}, 1, std::vector<float>(1000, 1.0F), {}, ""};
  images.values[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(calibrated(images, "minmax"), ContainsSubstring("layer 'input'"));
  CHECK_THROWS_AS(calibrated({{1000}, 0, {}, {}, ""}, "minmax"), Error);
}

TEST_CASE("calibration: a histogram counts magnitudes, and zeros apart") {
  Histogram histogram({-2048, 1000});
  histogram.add(std::vector<float>{0, -0.5F, 0.5F, 1, -2048, 0, 999.9F});
  CHECK(histogram.width() == 1);
  CHECK(histogram.zeros == 2);
  CHECK(histogram.bins[0] == 2);
  CHECK(histogram.bins[1] == 1);
  CHECK(histogram.bins[999] == 1);
  CHECK(histogram.bins[2047] == 1);
}
