#include "backends/cuda/convolution.h"
#include "backends/cuda/device.h"
#include "backends/cuda/fold.h"
#include "backends/cuda/weights.h"
#include "harness/fusion.h"
#include "harness/models/models.h"
#include "harness/strictness.h"
#include "harness/table.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"
#include "tests/layers.h"

namespace bitsweep {
namespace {

const Backend& cuda_row() {
  return pick(backends(), "backend", "cuda");
}

/// Whether there is a GPU; if not, that this test did not run is told.
bool gpu_is_here() {
  if (cuda::why_no_device().empty()) return true;
  WARN("not run: " << cuda::why_no_device());
  return false;
}

TEST_CASE("cuda: a node without a GPU says why, and nothing is prepared") {
  const Network network = fuse(build_model("mlp:8-4", 0));
  const Device device = cuda_row().device();
  CHECK(device.name.empty() == !device.why_none.empty());
  if (device.why_none.empty()) return;
  CHECK_THAT(device.why_none, ContainsSubstring("no CUDA device: "));
  CHECK(cuda_row().why_not(network, {Precision::fp32, 1, 1, {}}) == device.why_none);
  CHECK_THROWS_AS(cuda_row().prepare(network, {Precision::fp32, 1, 1, {}}), Error);
  CHECK_THROWS_AS(cuda_row().measure_ceilings(), Error);
}

TEST_CASE("cuda: the libraries are told without a GPU") {
  const std::vector<Library> libraries = cuda_row().libraries();
  REQUIRE(libraries.size() == 2);
  CHECK_THAT(libraries[0].version, ContainsSubstring("9."));
}

TEST_CASE("cuda: packed weights lie channels last, zero where padded, and their zeros are counted") {
  Tensor weights{{2, 3, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11, 12}};
  const std::vector<std::byte> packed = cuda::pack_convolution(weights, 4, 4, cuda::Number::fp32);
  const auto* values = reinterpret_cast<const float*>(packed.data());
  REQUIRE(packed.size() == 4 * 2 * 4 * sizeof(float));
  CHECK(std::vector<float>(values, values + 16) ==
        std::vector<float>{1, 3, 5, 0, 2, 4, 6, 0, 7, 0, 11, 0, 8, 10, 12, 0});
  CHECK(cuda::count_zeros(packed, cuda::Number::fp32) == 16 + 5);
  CHECK(cuda::count_zeros(cuda::pack_convolution(weights, 4, 4, cuda::Number::fp16), cuda::Number::fp16) ==
        21);

  // 2 channels of 1 x 2 pixels, flattened in the order of channels.
  const Tensor linear{{1, 4}, {1, 2, 3, 4}};
  const cuda::Images source{1, 2, 1, 2, 4};
  const std::vector<std::byte> rows = cuda::pack_linear(linear, 4, source, cuda::Number::fp32);
  const auto* row = reinterpret_cast<const float*>(rows.data());
  CHECK(std::vector<float>(row, row + 8) == std::vector<float>{1, 3, 0, 0, 2, 4, 0, 0});
}

TEST_CASE("cuda: channels are stored on 16 bytes") {
  CHECK(cuda::stored_channels(3, cuda::Number::fp16) == 8);
  CHECK(cuda::stored_channels(8, cuda::Number::bf16) == 8);
  CHECK(cuda::stored_channels(5, cuda::Number::fp32) == 8);
}

/// The folded image of a source, by the rule that the kernel follows.
std::vector<float> gathered(const std::vector<float>& images, const Shape& source, const cuda::Fold& fold) {
  const cuda::Images& to = fold.folded;
  std::vector<float> result;
  for (int64_t image = 0; image < to.batch; ++image)
    for (int at = 0; at < to.channels; ++at)
      for (int row = 0; row < to.height; ++row)
        for (int column = 0; column < to.width; ++column) {
          const auto [y, x, channel] =
              cuda::gathered_from(fold.gather, row, column, at, static_cast<int>(source[0]));
          const bool inside = y >= 0 && y < source[1] && x >= 0 && x < source[2];
          const int64_t index = ((image * source[0] + channel) * source[1] + y) * source[2] + x;
          result.push_back(inside ? images[static_cast<size_t>(index)] : 0);
        }
  return result;
}

TEST_CASE("cuda: a folded first convolution computes what the network asks for") {
  const Window windows[] = {square_window(7, 2, 3),
                            square_window(3, 2, 1),
                            square_window(3, 1, 1),
                            square_window(2, 2, 0),
                            {{4, 6}, {2, 2}, {0, 2}, {1, 3}, {1, 1}},
                            {{3, 2}, {1, 1}, {0, 1}, {2, 0}, {1, 1}}};
  for (const Window& window : windows)
    for (const int64_t channels : {1, 3, 4}) {
      INFO("kernel " << window.kernel[0] << " stride " << window.stride[0] << ", channels " << channels);
      const Network network = fuse([&] {
        Network one("one layer", {channels, 13, 14});
        one.add("layer", some_convolution(channels, 5, window, 1));
        return one;
      }());
      const auto fold = cuda::fold_of(network, 2, cuda::Number::fp16);
      if (!fold) {
        CHECK(window.stride[0] == 1);  // and more taps than are worth it
        CHECK(channels * window.kernel[0] * window.kernel[1] > 32);
        continue;
      }
      const auto& convolution = std::get<Convolution>(network.layers()[1].operation);
      Network folded("folded", {fold->folded.channels, fold->folded.height, fold->folded.width});
      folded.add("layer",
                 Convolution{cuda::folded_weights(convolution, *fold), convolution.bias, fold->window});
      CHECK(folded.output_shape() == network.output_shape());

      const Samples images = seeded_images(network.input_shape(), 2);
      const Samples others{folded.input_shape(), 2, gathered(images.values, images.shape, *fold), {}, ""};
      const SessionRequest request{Precision::fp32, 2, 2, {}};
      const auto right = reference_backend().prepare(network, request);
      const auto session = reference_backend().prepare(folded, request);
      CHECK(fidelity(outputs_of(*session, folded, others), outputs_of(*right, network, images), 5).sqnr_db >
            110);
    }
}

TEST_CASE("cuda: a first convolution is not folded where others read the input, or channels are many") {
  Network shared("shared", {3, 12, 12});
  shared.add("a", some_convolution(3, 8, square_window(3, 2, 1), 1), {0});
  shared.add("b", some_convolution(3, 8, square_window(3, 2, 1), 3), {0});
  shared.add("sum", Add{}, {1, 2});
  CHECK_FALSE(cuda::fold_of(shared, 1, cuda::Number::fp16));
  Network many("many", {8, 12, 12});
  many.add("a", some_convolution(8, 8, square_window(3, 2, 1), 1));
  CHECK_FALSE(cuda::fold_of(many, 1, cuda::Number::fp16));
  CHECK_FALSE(cuda::fold_of(fuse(build_model("mlp:8-4", 0)), 1, cuda::Number::fp32));
}

/// What rounding to a precision explains, for networks of a few layers; in dB.
struct Tolerance {
  Precision precision;
  double sqnr_db;
};
constexpr Tolerance tolerances[] = {
    {Precision::fp32, 110},  // as on the CPU
    {Precision::tf32, 55},   // factors of 11 bits: 66 dB
    {Precision::fp16, 50},   // 11 bits in source, weights and what is stored
    {Precision::bf16, 40},   // 8 bits: 48 dB
};

void check_all_precisions(const std::string& name, const Network& network, int64_t batch) {
  for (const Tolerance& tolerance : tolerances) {
    INFO(name << ", " << to_text(tolerance.precision) << ", batch " << batch);
    REQUIRE_FALSE(cuda_row().why_not(network, {.precision = tolerance.precision, .ranges = {}}));
    Pair pair = prepare_pair(network, tolerance.precision, batch, "cuda");
    CHECK(compare(pair, network).sqnr_db >= tolerance.sqnr_db);
    // A second time: the graph leaves nothing behind that the next inference trips over.
    CHECK(compare(pair, network).sqnr_db >= tolerance.sqnr_db);
    size_t traced = 0;
    pair.engine->trace(pair.images.values, [&](size_t layer, std::span<const float> output) {
      CHECK(layer == traced++);
      CHECK(output.size() == static_cast<size_t>(batch * element_count(network.layers()[layer].shape)));
    });
    CHECK(traced == network.layers().size());
    for (const LayerRecord& record : pair.engine->profile(pair.images.values, 1)) {
      INFO(record.name << ": " << record.kind << " " << record.data_types << " " << record.implementation);
      CHECK_FALSE(record.implementation.empty());
      CHECK(record.time_ns > 0);
    }
  }
}

TEST_CASE("cuda: convolutions of many shapes agree with the reference in each precision") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(1);
  struct Case {
    const char* name;
    int64_t in, out, groups;
    Window window;
  };
  const Case cases[] = {
      {"1x1", 16, 32, 1, square_window(1, 1, 0)},
      {"1x1, channels off alignment", 17, 19, 1, square_window(1, 1, 0)},
      {"1x1, stride 2", 64, 32, 1, square_window(1, 2, 0)},
      {"3x3, from an image", 3, 16, 1, square_window(3, 1, 1)},
      {"5x5, one output channel", 8, 1, 1, square_window(5, 1, 2)},
      {"7x7, stride 2, from an image", 3, 64, 1, square_window(7, 2, 3)},
      {"3x3, stride 2, from an image", 3, 16, 1, square_window(3, 2, 1)},
      {"4x6, stride 2, from an image, one-sided", 2, 16, 1, {{4, 6}, {2, 2}, {0, 2}, {1, 3}, {1, 1}}},
      {"3x3, dilation 2", 16, 16, 1, {{3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}}},
      {"3x2, padding on one side", 16, 16, 1, {{3, 2}, {1, 2}, {0, 1}, {2, 0}, {1, 1}}},
      {"3x3, 2 groups", 32, 64, 2, square_window(3, 1, 1)},
      {"3x3, depthwise", 32, 32, 32, square_window(3, 1, 1)},
      {"3x3, depthwise, off alignment", 13, 13, 13, square_window(3, 1, 1)},
  };
  for (const Case& shape : cases)
    check_all_precisions(
        shape.name,
        one_layer({shape.in, 13, 14}, some_convolution(shape.in, shape.out, shape.window, 1, shape.groups)),
        3);
}

TEST_CASE("cuda: linear layers of many sizes agree with the reference in each precision") {
  if (!gpu_is_here()) return;
  for (const int64_t in : {1, 17, 128})
    for (const int64_t out : {1, 10, 33})
      for (const int64_t batch : {1, 5})
        check_all_precisions(std::to_string(in) + " to " + std::to_string(out),
                             one_layer({in}, some_linear(in, out, 1)), batch);
}

TEST_CASE("cuda: pooling of every kind agrees with the reference in each precision") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(1);
  const Window padded = square_window(3, 2, 1), dilated = {{2, 2}, {1, 1}, {0, 0}, {0, 0}, {2, 2}};
  check_all_precisions("max", behind_convolution(MaxPool{padded}, {}), 2);
  check_all_precisions("max, dilated", behind_convolution(MaxPool{dilated}, {}), 2);
  check_all_precisions("average of what is there", behind_convolution(AveragePool{padded, false}, {}), 2);
  check_all_precisions("average with padding", behind_convolution(AveragePool{padded, true}, {}), 2);
  check_all_precisions("average of all", behind_convolution(GlobalAveragePool{}, relu), 2);
  check_all_precisions("max of the input", one_layer({3, 12, 15}, MaxPool{padded}), 2);
}

TEST_CASE("cuda: flattened images are in row-major order for whoever reads them") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(1);
  Network network = behind_convolution(MaxPool{square_window(2, 2, 0)}, relu);
  const size_t flat = network.add("flatten", Flatten{});
  check_all_precisions("flatten, last", network, 2);
  const size_t linear = network.add("linear", some_linear(24 * 6 * 7, 10, 5), {flat});
  check_all_precisions("linear", network, 3);
  network.add("joined", Concatenation{}, {flat, linear});
  check_all_precisions("joined", network, 2);
  Linear small = some_linear(24 * 6 * 7 + 10, 12, 9);  // large logits would show the rounding as a factor
  for (float& weight : small.weights.values) weight *= 0.01F;
  network.add("logits", small);
  network.add("scores", Softmax{});
  check_all_precisions("softmax", network, 2);
}

TEST_CASE("cuda: shortcuts, sums, products and concatenations agree with the reference") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(1);
  for (const bool relu_behind : {false, true}) {
    Network network("residual", {3, 12, 15});
    const size_t a = network.add("a", some_convolution(3, 32, square_window(3, 1, 1), 1));
    const size_t middle = network.add("middle", some_convolution(32, 16, square_window(1, 1, 0), 3));
    Convolution second = some_convolution(16, 32, square_window(3, 1, 1), 5);
    second.activation = relu_behind ? relu : Activation{};
    const size_t b = network.add("b", std::move(second), {middle, a});
    Convolution third = some_convolution(32, 32, square_window(1, 1, 0), 7);
    third.activation = relu_behind ? relu : Activation{};
    const size_t c = network.add("c", std::move(third), {b, b});
    const size_t sum = network.add("sum", Add{relu}, {a, c});
    const size_t product = network.add("product", Multiply{}, {sum, a});
    const size_t gate = network.add("gate", GlobalAveragePool{}, {a});
    const size_t gated = network.add("gated", Multiply{}, {product, gate});
    network.add("joined", Concatenation{}, {gated, middle, 0});
    check_all_precisions("residual", network, 2);
  }
}

TEST_CASE("cuda: fp32 is fp32 and tf32 is not, against double precision") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(12);
  Network network("deep", {64, 14, 14});
  network.add("a", some_convolution(64, 64, square_window(3, 1, 1), 1));
  network.add("flat", Flatten{});
  network.add("b", some_linear(64 * 14 * 14, 32, 3));
  Pair strict = prepare_pair(network, Precision::fp32, 2, "cuda");
  CHECK(check_strictness(*strict.engine, network, strict.images.values, 2).passed);
  Pair relaxed = prepare_pair(network, Precision::tf32, 2, "cuda");
  CHECK_FALSE(check_strictness(*relaxed.engine, network, relaxed.images.values, 2).passed);
}

TEST_CASE("cuda: networks of the zoo agree with the reference in each precision") {
  if (!gpu_is_here()) return;
  cuda::limit_candidates(1);
  for (const char* name : {"mlp", "resnet20"}) {
    const Network network = fuse(build_model(name, 1));
    for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::fp16, Precision::bf16}) {
      INFO(name << ", " << to_text(precision));
      Pair pair = prepare_pair(network, precision, 4, "cuda");
      CHECK(too_far(compare(pair, network), precision) == "");
    }
  }
}

TEST_CASE("cuda: a GPU's ceilings are of every precision, and copies inside it are faster than to the host") {
  if (!gpu_is_here()) return;
  const Ceilings ceilings = cuda_row().measure_ceilings();
  CHECK(ceilings.device == cuda_row().device().name);
  CHECK(ceilings.arithmetic.size() >= 5);
  for (const Arithmetic& arithmetic : ceilings.arithmetic) CHECK(arithmetic.macs_per_s > 1e12);
  REQUIRE(ceilings.transfers.size() == 2);
  for (const Transfer& transfer : ceilings.transfers)
    CHECK(transfer.bytes_per_s < ceilings.bandwidth.back().bytes_per_s);
}

}  // namespace
}  // namespace bitsweep
