#include "harness/explanation.h"

#include <limits>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// A convolution, a ReLU and a linear layer of these times, in ns.
Result measured(Precision precision, double conv_ns, double relu_ns, double linear_ns) {
  Result result;
  result.run.model = "net";
  result.run.precision = precision;
  result.outcome = Outcome::ok;
  result.machine.isa = {"avx2", "avx512_vnni"};
  const std::string types = precision == Precision::int8 ? "u8:s8:u8" : "f32:f32:f32";
  result.layers = {{"conv", "convolution", "brgconv:avx512_core", types, conv_ns, 1000, 10},
                   {"relu", "relu", "jit:avx512_core", types, relu_ns, 0, 10},
                   {"fc", "linear", "brgemm:avx512_core", types, linear_ns, 1000, 10}};
  return result;
}

const Ratio twice = {2, {1.95, 2.05}, 30};

std::string all(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

}  // namespace

TEST_CASE("explanation: a gain is told with its interval, and nothing else where there is nothing to say") {
  const Result fp32 = measured(Precision::fp32, 1000, 1, 1000), int8 = measured(Precision::int8, 500, 1, 500);
  const auto sentences = explain(int8, &fp32, &twice);
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0] == "2.00x (1.95 to 2.05) the speed of fp32, from 30 rounds");
}

TEST_CASE("explanation: a ratio that is not told from 1 is said to be so") {
  const Result fp32 = measured(Precision::fp32, 1000, 1, 1000),
               int8 = measured(Precision::int8, 1000, 1, 1000);
  const Ratio none = {1.004, {0.98, 1.02}, 12};
  CHECK_THAT(explain(int8, &fp32, &none).at(0), ContainsSubstring("its speed is not told from that of fp32"));
  CHECK_THAT(explain(int8, nullptr, nullptr).at(0), ContainsSubstring("nothing was measured beside it"));
}

TEST_CASE("explanation: each planted cause is named") {
  const Result fp32 = measured(Precision::fp32, 1000, 1, 1000);
  const auto told = [&](auto plant) {
    Result int8 = measured(Precision::int8, 500, 1, 500);
    plant(int8);
    return all(explain(int8, &fp32, &twice));
  };
  CHECK_THAT(told([](Result& r) {
               r.layers.push_back({"conv in", "reorder", "jit:uni", "f32::u8", 500, 0, 10});
             }),
             ContainsSubstring("33 % of the time goes to converting numbers and layouts (conv in)"));
  CHECK_THAT(told([](Result& r) { r.layers[0].implementation = "ref:any"; }),
             ContainsSubstring("layers without a fast kernel: conv (ref:any)"));
  CHECK_THAT(told([](Result& r) { r.layers[1].time_ns = 1000; }),
             ContainsSubstring("50 % of the time goes to layers that stand alone"));
  CHECK_THAT(told([](Result& r) { r.machine.isa = {"avx2"}; }), ContainsSubstring("no VNNI or AMX"));
  CHECK_THAT(told([](Result& r) {
               r.machine.isa.push_back("amx_int8");
               r.layers[0].isa = "avx512_core_amx_int8";
               r.layers[2].isa = "avx512_core_vnni";
             }),
             ContainsSubstring("50 % of the time is in layers that do not use the CPU's amx_int8: fc "
                               "(avx512_core_vnni)"));
  CHECK_THAT(told([](Result& r) { r.layers[2].memory_bound = true; }),
             ContainsSubstring("layers bound by memory: faster arithmetic does not help them"));
  CHECK_THAT(told([](Result& r) { r.evidence["emulated"] = "with fp32 instructions"; }),
             ContainsSubstring("int8 is emulated here: with fp32 instructions"));
}

TEST_CASE("explanation: a gain that the ceilings promise and the layers do not reach is told") {
  Result fp32 = measured(Precision::fp32, 1000, 0, 1000), int8 = measured(Precision::int8, 500, 0, 500);
  for (LayerRecord& layer : fp32.layers) layer.bound_ns = 0.75 * layer.time_ns;
  for (LayerRecord& layer : int8.layers) layer.bound_ns = 0.7 * layer.time_ns;
  CHECK(explain(int8, &fp32, &twice).size() == 1);  // nearly as near
  for (LayerRecord& layer : int8.layers) layer.bound_ns = 0.15 * layer.time_ns;
  CHECK(
      explain(int8, &fp32, &twice).at(1) ==
      "by the ceilings of this node its layers could be 10.0 times as fast; they come to 15 % of them, those "
      "of fp32 to 75 %");
}

TEST_CASE("explanation: a speed-up over a baseline that is far from its ceilings is told to flatter") {
  Result fp32 = measured(Precision::fp32, 1000, 0, 1000), int8 = measured(Precision::int8, 500, 0, 500);
  for (LayerRecord& layer : fp32.layers) layer.bound_ns = 0.35 * layer.time_ns;
  for (LayerRecord& layer : int8.layers) layer.bound_ns = 0.7 * layer.time_ns;
  CHECK_THAT(
      explain(int8, &fp32, &twice).at(1),
      ContainsSubstring("it should be 1.0 times as fast; it is more because fp32 comes to only 35 % of "
                        "them, and it to 70 %: a weak baseline flatters"));
}

TEST_CASE(
    "explanation: layers that became slower are told, unless the layers' times contradict the speed-up") {
  const Result fp32 = measured(Precision::fp32, 1000, 1, 1000),
               int8 = measured(Precision::int8, 500, 1, 1500);
  const Ratio none = {1.0, {0.99, 1.01}, 40};
  CHECK(explain(fp32, &fp32, &none).size() == 1);
  const auto told = all(explain(int8, &fp32, &none));
  CHECK_THAT(told, ContainsSubstring("1 of 3 layers, 75 % of the time, became slower: fc"));
  CHECK(explain(int8, &fp32, &twice).size() == 1);
}

TEST_CASE("explanation: the speed-up of a disturbed block is told as not to be trusted") {
  const Result fp32 = measured(Precision::fp32, 1000, 1, 1000);
  Result int8 = measured(Precision::int8, 500, 1, 500);
  int8.evidence["disturbed"] = "other processes took 50.0 % of the cores' time";
  CHECK_THAT(explain(int8, &fp32, &twice).at(0),
             ContainsSubstring("not to be trusted, for other processes took 50.0 %"));
}

TEST_CASE("explanation: zeros that no kernel uses are said to be of no use") {
  const Result dense = measured(Precision::fp32, 1000, 1, 1000);
  Result pruned = measured(Precision::fp32, 1000, 1, 1000);
  pruned.run.pruning = {"magnitude", 0.5};
  const Ratio none = {1.0, {0.99, 1.01}, 40};
  CHECK_THAT(all(explain(pruned, &dense, &none)),
             ContainsSubstring("not told from that of the dense run") &&
                 ContainsSubstring("none exploits this pattern of zeros"));
  add_metric(pruned, "packed_zero_share", 49.8, "%", Direction::neutral);
  CHECK_THAT(all(explain(pruned, &dense, &none)),
             ContainsSubstring("they lie in memory, 50 % of the packed weights"));
  pruned.layers[0].implementation = "sparse:avx512_core";
  CHECK_THAT(all(explain(pruned, &dense, &twice)), ContainsSubstring("other kernels, or other shapes, ran"));
}

TEST_CASE("explanation: channels that pruning left beside the vectors' width are named") {
  Result dense = measured(Precision::fp32, 1000, 1, 1000);
  Result pruned = measured(Precision::fp32, 1000, 1, 900);
  pruned.run.pruning = {"magnitude", 0.5};
  const Ratio none = {1.0, {0.99, 1.01}, 40};
  const auto empty_vectors = ContainsSubstring("partly empty, in layers 1 of 4: conv3 (60)");
  CHECK_THAT(all(explain(pruned, &dense, &none)), !empty_vectors);
  pruned.evidence["channels_not_of_16"] = "1 of 4: conv3 (60)";
  CHECK_THAT(all(explain(pruned, &dense, &none)), empty_vectors);
  dense.evidence = pruned.evidence;  // then it is not pruning's doing
  CHECK_THAT(all(explain(pruned, &dense, &none)), !empty_vectors);
}
