#include "harness/layer_evidence.h"

#include <stdexcept>

#include "tests/catch.h"

namespace bitsweep {
namespace {

LayerRecord record(const std::string& kind, const std::string& implementation,
                   const std::string& layouts = "") {
  LayerRecord layer;
  layer.name = "conv1";
  layer.kind = kind;
  layer.implementation = implementation;
  layer.layouts = layouts;
  return layer;
}

LayerRecord timed(const std::string& kind, double time_ns) {
  LayerRecord layer = record(kind, "jit:avx2");
  layer.time_ns = time_ns;
  return layer;
}

TEST_CASE("layer evidence: reference code is a fallback, by whatever name") {
  for (const char* name : {"ref:any", "ref_int8:any", "gemm:ref", "gemm_s8u8s32:ref", "x64:ref:any"})
    for (const char* kind : {"convolution", "linear", "max_pool", "concatenation", "reorder"}) {
      INFO(name << " " << kind);
      CHECK(fallback(record(kind, name, "abcd::abcd")));
    }
}

TEST_CASE("layer evidence: a fallback is told with layer, kind, implementation and what that is") {
  CHECK(*fallback(record("max_pool", "ref:any")) ==
        "layer 'conv1' (max_pool) ran in 'ref:any': reference code of the engine");
  CHECK_THAT(*fallback(record("convolution", "x64:gemm:jit")), ContainsSubstring("unrolling the image"));
}

TEST_CASE("layer evidence: the reference backend was asked for and is no fallback") {
  CHECK_FALSE(fallback(record("convolution", "reference:loops")));
}

TEST_CASE("layer evidence: gemm is a fallback of convolutions, and the fast way of linear layers") {
  for (const char* name :
       {"gemm:jit", "x64:gemm:jit", "gemm:blas", "x64:gemm_s8u8s32:jit", "gemm_x8s8s32x:jit"}) {
    INFO(name);
    CHECK(fallback(record("convolution", name)));
    CHECK_FALSE(fallback(record("linear", name)));
  }
}

TEST_CASE("layer evidence: what oneDNN takes as a rule is no fallback") {
  for (const char* name :
       {"jit:avx2", "jit_1x1:avx2", "jit_dw:avx2", "jit_uni_int8:avx2", "jit_uni_int8_1x1:avx2",
        "jit_uni_int8_dw:avx2", "jit:uni", "jit_int:sse41", "brgconv:avx512_core_vnni",
        "brgconv_1x1:avx512_core_amx_int8", "brg_conv_fwd:avx2", "brgemm:avx2", "brg_matmul:avx512_core",
        "jit_direct_copy:uni", ""}) {
    INFO(name);
    for (const char* kind : {"convolution", "linear", "max_pool", "add", "reorder"})
      CHECK_FALSE(fallback(record(kind, name)));
  }
}

TEST_CASE("layer evidence: simple code is a fallback, but for concatenations and plain copies") {
  CHECK(fallback(record("max_pool", "simple_nchw:any", "abcd::abcd")));
  CHECK(fallback(record("reorder", "simple:any", "abcd::acdb")));
  CHECK(fallback(record("reorder", "simple:any")));  // layouts unknown
  CHECK_FALSE(fallback(record("reorder", "simple:any", "aBcd8b::aBcd8b")));
  CHECK_FALSE(fallback(record("concatenation", "simple:any", "acdb::acdb")));
  CHECK(fallback(record("concatenation", "ref:any", "acdb::acdb")));
}

TEST_CASE("layer evidence: reorders, quantizing and dequantizing count as added between layers") {
  CHECK(reorder_share({timed("convolution", 70), timed("reorder", 10), timed("quantize", 15),
                       timed("dequantize", 5)}) == Approx(0.3));
  CHECK(reorder_share({timed("convolution", 70)}) == 0);
  CHECK(reorder_share({timed("reorder", 70)}) == 1);
  CHECK(reorder_share({timed("reorder", 0)}) == 0);
  CHECK(reorder_share({}) == 0);
}

TEST_CASE("layer evidence: the layers' times agree with the end-to-end time within 10 %") {
  const std::vector<LayerRecord> layers = {timed("convolution", 600), timed("reorder", 400)};
  CHECK(layers_time_ns(layers) == 1000);
  CHECK(coverage(layers, 1000).share == Approx(1));
  CHECK(coverage(layers, 1000).agrees);
  CHECK(coverage(layers, 1110).agrees);
  CHECK(coverage(layers, 910).agrees);
  CHECK_FALSE(coverage(layers, 1112).agrees);
  CHECK_FALSE(coverage(layers, 908).agrees);
  CHECK(coverage(layers, 2000).share == Approx(0.5));
  CHECK_FALSE(coverage({}, 1000).agrees);
  CHECK_THROWS_AS(coverage(layers, 0), std::invalid_argument);
}

}  // namespace
}  // namespace bitsweep
