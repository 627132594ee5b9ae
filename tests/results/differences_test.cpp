#include "results/differences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

const Result good = examples::ok(examples::run("resnet50", Precision::int8), 1e6);

/// What is told once this is done to the good result.
template <class Plant>
std::vector<std::string> told(Plant plant) {
  Result bad = good;
  plant(bad);
  return differences(good, bad);
}

}  // namespace

TEST_CASE("differences: equal results differ in nothing, whatever their samples") {
  CHECK(told([](Result& bad) { bad.samples_ns.push_back(7); }).empty());
}

TEST_CASE("differences: the layer that explains a regression is named, with what ran it before and after") {
  const auto sentences = told([](Result& bad) {
    bad.layers[0].implementation = "ref:any";
    bad.layers[0].time_ns = 1.1e6;  // of 0.7 ms
    bad.layers[1].time_ns = 0.31e6;
  });
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0] ==
        "conv1: 700 µs → 1.10 ms, 98 % of the difference of +41 %; brgconv:avx512_core_amx → ref:any");
}

TEST_CASE("differences: an improvement is explained as a regression is") {
  const auto sentences = told([](Result& bad) { bad.layers[1].time_ns = 0.1e6; });
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0] == "fc: 300 µs → 100 µs, 100 % of the difference of -20 %");
}

TEST_CASE("differences: another implementation is told although nothing became slower") {
  const auto sentences = told([](Result& bad) { bad.layers[1].implementation = "gemm:jit"; });
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0] == "other implementations: fc (brgemm:avx512_core_amx → gemm:jit)");
}

TEST_CASE("differences: layers that came or went are told") {
  const auto sentences = told([](Result& bad) {
    bad.layers.push_back({"fc in", "reorder", "jit:uni", "u8::f32", 0.5e6, 0, 10});
  });
  REQUIRE(sentences.size() == 1);
  CHECK_THAT(sentences[0],
             ContainsSubstring("fc in: 0 ns → 500 µs, 100 % of the difference of +50 %; nothing → "
                               "jit:uni"));
}

TEST_CASE("differences: each other cause is named") {
  const auto only = [](auto plant) {
    const auto sentences = told(plant);
    return fmt::format("{}", fmt::join(sentences, "\n"));
  };
  CHECK(only([](Result& bad) { bad.software.libraries = {{"oneDNN", "3.7.2"}}; }) == "oneDNN: 2.6.3 → 3.7.2");
  CHECK(only([](Result& bad) { bad.software.libraries.push_back({"cuDNN", "9.1"}); }) == "cuDNN: none → 9.1");
  CHECK(only([](Result& bad) { bad.software.bitsweep = "0.1.0 (1234567)"; }) ==
        "bitsweep: 0.1.0 (abcdef012345) → 0.1.0 (1234567)");
  CHECK(only([](Result& bad) { bad.machine.kernel = "6.6.1"; }) == "kernel: 6.1.0 → 6.6.1");
  CHECK(only([](Result& bad) { bad.machine.governor = "powersave"; }) == "governor: performance → powersave");
  CHECK(only([](Result& bad) { bad.machine.core_set = "0"; }) == "cores: 0-3 → 0");
  CHECK_THAT(only([](Result& bad) { bad.evidence["weights_hash"] = "0"; }),
             ContainsSubstring("weights_hash: 6f1d"));
  CHECK(only([](Result& bad) { bad = examples::not_ok(bad.run, Outcome::failed, "no such primitive"); }) ==
        "outcome: ok → failed (no such primitive)");
}

TEST_CASE("differences: times alone are no other thing") {
  Result bad = good;
  bad.layers[0].time_ns *= 1.4;
  CHECK(differences_but_time(good, bad).empty());
  CHECK_FALSE(differences(good, bad).empty());
}

TEST_CASE("differences: outputs that changed silently are told") {
  Result before = good, after = good;
  before.evidence["outputs_hash"] = "aa";
  after.evidence["outputs_hash"] = "bb";
  CHECK(differences(before, after) ==
        std::vector<std::string>{"the outputs are no longer the same to the bit"});
}
