#include "backends/backends.h"
#include "backends/onednn/precisions.h"
#include "harness/table.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep::onednn {
namespace {

/// CPUs as the engine sees them.
constexpr EngineFeatures avx2 = {.int8 = true};
constexpr EngineFeatures avx512 = {.int8 = true, .vnni = true, .emulated_bf16 = true};
constexpr EngineFeatures avx512_bf16 = {.int8 = true, .vnni = true, .bf16 = true, .emulated_bf16 = true};
constexpr EngineFeatures avx_ne_convert = {
    .int8 = true, .vnni = true, .emulated_bf16 = true, .emulated_fp16 = true};

TEST_CASE("precisions: bf16 is emulated only where it is allowed, and is labelled then") {
  const auto reason = lacking_instructions(avx512, Precision::bf16, false);
  REQUIRE(reason);
  CHECK_THAT(*reason, ContainsSubstring("CPU lacks avx512_bf16 and amx_bf16: oneDNN would emulate bf16"));
  CHECK_THAT(*reason, ContainsSubstring("right is another precision, or measure: {allow: [emulation]}"));
  CHECK_FALSE(lacking_instructions(avx512, Precision::bf16, true));
  REQUIRE(emulation(avx512, Precision::bf16));
  CHECK_THAT(*emulation(avx512, Precision::bf16), ContainsSubstring("emulates bf16 with fp32 instructions"));
}

TEST_CASE("precisions: what the CPU has is neither refused nor labelled") {
  for (const bool allowed : {false, true}) {
    CHECK_FALSE(lacking_instructions(avx512_bf16, Precision::bf16, allowed));
    CHECK_FALSE(lacking_instructions(avx2, Precision::fp32, allowed));
    CHECK_FALSE(lacking_instructions(avx2, Precision::int8, allowed));
  }
  CHECK_FALSE(emulation(avx512_bf16, Precision::bf16));
  CHECK_FALSE(emulation(avx2, Precision::fp32));
  CHECK_FALSE(emulation(avx2, Precision::int8));
}

TEST_CASE("precisions: what oneDNN cannot even emulate is refused, allowed or not") {
  for (const bool allowed : {false, true}) {
    const auto reason = lacking_instructions(avx2, Precision::bf16, allowed);
    REQUIRE(reason);
    CHECK_THAT(*reason, ContainsSubstring("not even emulated ones"));
    CHECK(lacking_instructions(avx2, Precision::fp16, allowed));
    CHECK(lacking_instructions(avx512, Precision::fp16, allowed));
    CHECK(lacking_instructions({}, Precision::int8, allowed));
  }
  CHECK_FALSE(emulation(avx2, Precision::bf16));
  CHECK_FALSE(emulation(avx512, Precision::fp16));
  CHECK_FALSE(emulation({}, Precision::int8));
}

TEST_CASE("precisions: fp16 is emulated where the CPU only converts it") {
  CHECK(lacking_instructions(avx_ne_convert, Precision::fp16, false));
  CHECK_FALSE(lacking_instructions(avx_ne_convert, Precision::fp16, true));
  CHECK(emulation(avx_ne_convert, Precision::fp16));
}

TEST_CASE("precisions: what why_not lets through on this CPU can be prepared, emulated or not") {
  const Backend& engine = pick(backends(), "backend", "onednn");
  Network network("net", {16, 8, 8});
  network.add("conv", some_convolution(16, 16, square_window(3, 1, 1), 1));
  network.add("flat", Flatten{});
  network.add("fc", some_linear(1024, 10, 3));
  const std::vector<float> input(16 * 64, 0.3F);
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::fp16})
    for (const bool allowed : {false, true}) {
      const SessionRequest request = {
          .precision = precision, .threads = 2, .ranges = {}, .allow_emulation = allowed};
      const auto reason = engine.why_not(network, request);
      INFO(to_text(precision) << ", " << reason.value_or("runs"));
      if (engine.emulation(precision)) CHECK(reason.has_value() == !allowed);
      if (reason) continue;
      std::vector<float> output(10);
      engine.prepare(network, request)->infer(input, output);
      CHECK(output[0] != 0);
    }
}

}  // namespace
}  // namespace bitsweep::onednn
