#include "harness/roofline.h"

#include "tests/catch.h"
#include "tests/layers.h"

using namespace bitsweep;

namespace {

/// 1 and 4 GMAC/s; 8 GB/s up to 1 MB, 2 GB/s beyond.
const Ceilings node = {1,
                       {{"fp32", "avx2", 1e9}, {"int8", "avx2", 2e9}, {"int8", "avx_vnni", 4e9}},
                       {{1'000, 8e9}, {100'000, 8e9}, {1'000'000, 2e9}},
                       "2026-11-25T00:00:00.000Z"};

LayerRecord layer(const std::string& data_types, double time_ns, int64_t macs, int64_t bytes) {
  return {"layer", "convolution", "loops", data_types, time_ns, macs, bytes};
}

}  // namespace

TEST_CASE("roofline: the type of the weights and the fastest instruction set bound the arithmetic") {
  CHECK(arithmetic_bound_ns(layer("f32:f32:f32", 1, 1000, 0), node) == Approx(1000));
  CHECK(arithmetic_bound_ns(layer("u8:s8:u8", 1, 1000, 0), node) == Approx(250));
  CHECK(arithmetic_bound_ns(layer("f32:s8:f32", 1, 1000, 0), node) == Approx(250));
}

TEST_CASE("roofline: without MACs, weights or instructions there is no arithmetic bound") {
  CHECK_FALSE(arithmetic_bound_ns(layer("f32:f32:f32", 1, 0, 8), node));
  CHECK_FALSE(arithmetic_bound_ns(layer("f32:f32", 1, 1000, 8), node));
  CHECK_FALSE(arithmetic_bound_ns(layer("f32::f32", 1, 1000, 8), node));
  CHECK_FALSE(arithmetic_bound_ns(layer("", 1, 1000, 8), node));
  CHECK_FALSE(arithmetic_bound_ns(layer("bf16:bf16:f32", 1, 1000, 8), node));
  CHECK_FALSE(arithmetic_bound_ns(layer("f64:f64:f64", 1, 1000, 8), node));
}

TEST_CASE("roofline: each level of memory brings as much as it holds") {
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 8), node) == Approx(1));
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 999'999), node) == Approx(999'999 / 8.0));
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 1'000'000), node) == Approx(125'000));
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 2'000'000), node) == Approx(125'000 + 500'000));
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 0), node) == 0);
}

TEST_CASE(
    "roofline: a small working set that was measured slower than a larger one does not lower the ceiling") {
  const Ceilings disturbed = {1, {}, {{1'000, 1e9}, {100'000, 8e9}}, ""};
  CHECK(memory_bound_ns(layer("f32:f32", 1, 0, 2'000), disturbed) == Approx(250));
}

TEST_CASE("roofline: the roof is the larger bound, and says which one it is") {
  const auto arithmetic = roof(layer("f32:f32:f32", 2000, 1000, 800), node);
  REQUIRE(arithmetic);
  CHECK(arithmetic->bound_ns == Approx(1000));
  CHECK_FALSE(arithmetic->memory_bound);
  CHECK(arithmetic->share == Approx(0.5));
  const auto memory = roof(layer("f32:f32:f32", 2000, 10, 8'000), node);
  REQUIRE(memory);
  CHECK(memory->bound_ns == Approx(1000));
  CHECK(memory->memory_bound);
  CHECK_FALSE(roof(layer("f32:f32:f32", 2001, 10, 8'000), node)->memory_bound);  // below half of the roof
  CHECK_FALSE(roof(layer("f32:f32:f32", 0, 1000, 800), node));
  CHECK_FALSE(roof(layer("f32:f32", 5, 0, 0), node));
}

TEST_CASE("roofline: a layer faster than arithmetic or memory is named, one within the tolerances is not") {
  std::vector<LayerRecord> layers = {layer("f32:f32:f32", 2000, 1000, 8), layer("f32:f32:f32", 980, 1000, 8),
                                     layer("f32:f32:f32", 900, 1000, 8), layer("f32:f32", 10'200, 0, 100'000),
                                     layer("f32:f32", 9'900, 0, 100'000)};
  layers[0].name = "honest";
  layers[1].name = "within";
  layers[2].name = "impossible";
  layers[3].name = "from caches";
  layers[4].name = "not read";
  CHECK(too_fast(layers, node, node, 1e9) ==
        "faster than this machine's arithmetic: impossible; faster than this machine's memory: not read");
  layers.erase(layers.begin() + 2);
  CHECK(too_fast(layers, node, node, 1e9) == "faster than this machine's memory: not read");
  layers.pop_back();
  CHECK(too_fast(layers, node, node, 1e9) == "");
}

TEST_CASE("roofline: inferences faster than the arithmetic of all streams' threads are told") {
  const std::vector<LayerRecord> layers = {layer("f32:f32:f32", 2000, 1000, 8),
                                           layer("u8:s8:u8", 2000, 4000, 8), layer("f32:f32", 1, 0, 8)};
  const Ceilings two = {2, {{"fp32", "avx2", 2e9}, {"int8", "avx_vnni", 8e9}}, node.bandwidth, ""};
  CHECK(too_fast(layers, node, two, 970) == "");  // 1000 ns in each of two streams
  CHECK_THAT(too_fast(layers, node, node, 970), ContainsSubstring("as the arithmetic of 1 threads"));
  CHECK(too_fast(layers, node, two, 800) ==
        "the inferences come 1.25 times as fast as the arithmetic of 2 threads allows");
}

TEST_CASE("roofline: multiplications with padding are taken out, of the batch, and of nothing else") {
  Network network("net", {4, 2, 2});
  network.add("conv", some_convolution(4, 6, Window{{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, 1));
  std::vector<LayerRecord> layers = {layer("f32:f32", 1, 0, 8), layer("f32:f32:f32", 1, 3 * 6 * 4 * 36, 8),
                                     layer("f32:f32:f32", 1, 17, 8)};
  layers[0].name = layers[1].name = "conv";  // a reorder has the name of its layer
  const auto least = without_padding(layers, computed_shares(network));
  CHECK(least[0].macs == 0);
  CHECK(least[1].macs == 3 * 6 * 4 * 16);
  CHECK(least[2].macs == 17);
}

TEST_CASE("roofline: the shares are of the time of all layers") {
  const std::vector<LayerRecord> layers = {layer("f32:f32:f32", 2000, 1000, 8),
                                           layer("u8:s8:u8", 1000, 2000, 8), layer("f32:f32", 1000, 0, 6'000),
                                           layer("f32:f32", 1000, 0, 60)};
  const Roofline all = roofline(layers, node);
  REQUIRE(all.arithmetic_share);
  CHECK(*all.arithmetic_share == Approx(1500.0 / 5000));
  CHECK(all.memory_bound_share == Approx(0.2));  // the last one is far below any roof
}

TEST_CASE("roofline: without layers, or without MACs, nothing is claimed") {
  CHECK_FALSE(roofline({}, node).arithmetic_share);
  const std::vector<LayerRecord> pooling = {layer("f32:f32", 10, 0, 80)};
  CHECK_FALSE(roofline(pooling, node).arithmetic_share);
  CHECK(roofline(pooling, node).memory_bound_share == 1);
}
