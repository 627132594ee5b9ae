#include "harness/compression/quantization.h"

#include <cmath>
#include <limits>

#include "harness/error.h"
#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

TEST_CASE("quantization: the largest weight of a channel becomes 127 and the rest follows") {
  const QuantizedWeights result = quantize_per_channel({{2, 3}, {1, -2, 0.5F, 254, 127, -1}});
  CHECK(result.scale == std::vector<float>{2.0F / 127, 2});
  CHECK(result.values ==
        std::vector<int8_t>{64, -127, 32, 127, 64, 0});  // 63.5, 31.75, 63.5 and -0.5 go to even
}

TEST_CASE("quantization: weights of 7 bits reach to 63") {
  const QuantizedWeights result = quantize_per_channel({{1, 3}, {126, -63, -126}}, 63);
  CHECK(result.scale == std::vector<float>{2});
  CHECK(result.values == std::vector<int8_t>{63, -32, -63});  // -31.5 goes to even
}

TEST_CASE("quantization: an all-zero channel has scale 1, and one too small for a scale as well") {
  const QuantizedWeights result = quantize_per_channel({{2, 2}, {0, 0, 1e-45F, -1e-45F}});
  CHECK(result.scale == std::vector<float>{1, 1});
  CHECK(result.values == std::vector<int8_t>{0, 0, 0, 0});
}

TEST_CASE("quantization: no weight is off by more than half a step") {
  const Tensor weights = some_values({16, 8, 3, 3}, 1);
  const QuantizedWeights result = quantize_per_channel(weights);
  for (size_t i = 0; i < weights.values.size(); ++i) {
    const float scale = result.scale[i / 72];
    REQUIRE(std::abs(weights.values[i] - scale * static_cast<float>(result.values[i])) <= 0.5001F * scale);
  }
}

TEST_CASE("quantization: weights that are not finite are refused with their position") {
  CHECK_THROWS_WITH(quantize_per_channel({{1, 2}, {1, std::numeric_limits<float>::infinity()}}),
                    ContainsSubstring("weight 1 is inf"));
}
