#include <algorithm>

#include "backends/onednn/evidence.h"
#include "backends/onednn/layouts.h"
#include "backends/onednn/plan.h"
#include "harness/fusion.h"
#include "harness/models/models.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep::onednn {
namespace {

TEST_CASE("onednn: the instruction set is read from the name of an implementation") {
  struct Case {
    const char *implementation, *isa;
  };
  const Case cases[] = {
      {"brgconv:avx512_core_vnni", "avx512_core_vnni"},
      {"brgconv_1x1:avx512_core_amx_int8", "avx512_core_amx_int8"},
      {"brg_conv_fwd:avx10_1_512_amx", "avx10_1_512_amx"},
      {"jit_int8_1x1:avx2", "avx2"},
      {"jit_dw:sse41", "sse41"},
      {"jit:avx2:f32", "avx2"},
      {"x64:jit:avx512_core", "avx512_core"},
      {"brgconv:sve_512", "sve_512"},
      {"jit:uni", ""},
      {"jit_direct_copy:uni", ""},
      {"gemm:jit", ""},
      {"x64:gemm:jit", ""},
      {"x64:gemm_s8u8s32:jit", ""},
      {"ref:any", ""},
      {"ref_int8:any", ""},
      {"simple:any", ""},
      {"avx2", ""},
      {"jit:", ""},
      {"", ""},
  };
  for (const auto& [implementation, isa] : cases) {
    INFO(implementation);
    CHECK(isa_of(implementation) == isa);
  }
}

TEST_CASE("onednn: a layout is written as the letters of its format tag") {
  using Tag = memory::format_tag;
  struct Case {
    memory::dims dims;
    Tag tag;
    const char* text;
  };
  const Case cases[] = {
      {{5}, Tag::a, "a"},
      {{2, 3}, Tag::ab, "ab"},
      {{2, 3}, Tag::ba, "ba"},
      {{2, 3, 4, 5}, Tag::nchw, "abcd"},
      {{2, 3, 4, 5}, Tag::nhwc, "acdb"},
      {{2, 16, 4, 5}, Tag::nChw8c, "aBcd8b"},
      {{2, 19, 4, 5}, Tag::nChw8c, "aBcd8b"},  // the last block is padded
      {{32, 16, 3, 3}, Tag::OIhw8i8o, "ABcd8b8a"},
      {{32, 16, 3, 3}, Tag::OIhw4i16o4i, "ABcd4b16a4b"},
      {{4, 8, 16, 3, 3}, Tag::gOIhw8i8o, "aBCde8c8b"},
      {{32, 1, 1, 3, 3}, Tag::Goihw8g, "Abcde8a"},
      // Dimensions of size 1 lie where their tag has them:
      {{1, 64, 1, 1}, Tag::nchw, "abcd"},
      {{1, 64, 1, 1}, Tag::nhwc, "acdb"},
      {{2, 1, 4, 5}, Tag::nchw, "abcd"},
      {{2, 1, 4, 5}, Tag::nhwc, "acdb"},
  };
  for (const auto& [dims, tag, text] : cases) CHECK(layout_text({dims, memory::data_type::f32, tag}) == text);
  CHECK(layout_text(row_major({2, 3, 4, 5}, memory::data_type::u8)) == "abcd");
  CHECK(layout_text(channels_last({2, 3, 4, 5}, memory::data_type::u8)) == "acdb");
}

TEST_CASE("onednn: a layout that is none of blocks is called opaque, and no tensor nothing") {
  CHECK(layout_text({{2, 3, 4, 5}, memory::data_type::f32, memory::format_tag::any}) == "opaque");
  CHECK(layout_text({}).empty());
}

TEST_CASE("onednn: each step of a chain says its layouts and takes the image as the step before left it") {
  const Network network = fuse(build_model("vgg16_cifar:0.125", 1));
  for (const Precision precision : {Precision::fp32, Precision::int8})
    for (const int64_t batch : {1, 2}) {
      Pair pair = prepare_pair(network, precision, batch);
      std::string left_as = "abcd";
      for (const LayerRecord& record : pair.engine->profile(pair.images.values, 1)) {
        INFO(record.name << " " << record.kind << " " << record.layouts << " after " << left_as);
        const size_t first = record.layouts.find(':'), second = record.layouts.rfind(':');
        REQUIRE(first < second);
        const bool weighted = record.kind == "convolution" || record.kind == "linear";
        CHECK(weighted == (second > first + 1));
        CHECK(std::count(record.data_types.begin(), record.data_types.end(), ':') == 2);
        const std::string taken_as = record.layouts.substr(0, first);
        if (record.kind != "linear") CHECK(taken_as == left_as);  // which takes an image of one pixel
        left_as = record.layouts.substr(second + 1);
      }
      CHECK(left_as == "ab");
    }
}

/// The mode in the attributes of a primitive. The C interface has it in both generations.
dnnl_fpmath_mode_t fpmath_mode_of(const dnnl::primitive& primitive) {
  const_dnnl_primitive_desc_t description = nullptr;
  const_dnnl_primitive_attr_t attributes = nullptr;
  dnnl_fpmath_mode_t mode = dnnl_fpmath_mode_any;
  REQUIRE(dnnl_primitive_get_primitive_desc(primitive.get(), &description) == dnnl_success);
  REQUIRE(dnnl_primitive_desc_get_attr(description, &attributes) == dnnl_success);
  REQUIRE(dnnl_primitive_attr_get_fpmath_mode(attributes, &mode) == dnnl_success);
  return mode;
}

/// Every kind of step that an fp32 session can have.
Network all_kinds() {
  Network network("all kinds", {3, 12, 12});
  const size_t conv = network.add("conv", some_convolution(3, 16, square_window(3, 1, 1), 1));
  const size_t grouped = network.add("grouped", some_convolution(16, 16, square_window(3, 1, 1), 3, 4));
  network.add("sum", Add{}, {conv, grouped});
  network.add("relu", relu);
  network.add("joined", Concatenation{}, {conv, grouped});
  network.add("pool", MaxPool{square_window(2, 2, 0)});
  network.add("squeezed", GlobalAveragePool{});
  network.add("gated", Multiply{}, {6, 7});
  network.add("flat", Flatten{});
  network.add("fc", some_linear(32 * 36, 10, 5));
  network.add("softmax", Softmax{});
  return network;
}

TEST_CASE("onednn: fp32 is strict on every primitive, whatever ONEDNN_DEFAULT_FPMATH_MODE says") {
  const dnnl::fpmath_mode before = dnnl::get_default_fpmath_mode();
  dnnl::set_default_fpmath_mode(dnnl::fpmath_mode::any);  // as the variable does
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  const dnnl::primitive_attr relaxed;
  const Plan plan = make_plan(engine, all_kinds(), {.precision = Precision::fp32, .batch = 2, .ranges = {}});
  dnnl::set_default_fpmath_mode(before);
  CHECK(relaxed.get_fpmath_mode() == dnnl::fpmath_mode::any);  // the lie was planted
  CHECK(plan.steps.size() >= 10);
  for (const Step& step : plan.steps) {
    INFO(step.record.name << " " << step.record.kind);
    CHECK(fpmath_mode_of(step.executed.primitive) == dnnl_fpmath_mode_strict);
  }
}

}  // namespace
}  // namespace bitsweep::onednn
