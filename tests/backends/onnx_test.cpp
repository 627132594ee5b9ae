// A network that was written and read computes what it did.
#include "harness/compression/pruning.h"
#include "harness/fusion.h"
#include "harness/models/models.h"
#include "tests/backends/against_reference.h"
#include "tests/catch.h"
#include "tests/layers.h"
#include "tests/onnx_model.h"

using namespace bitsweep;

namespace {

Network written_and_read(const Network& network, const OnnxExport& with = {}) {
  const OnnxFolder folder;
  const std::string path = folder.path / "model.onnx";
  write_onnx(path, network, with);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);  // nothing partial is left
  return read_onnx(path);
}

std::vector<float> outputs_of(const Network& network, int64_t batch = 2) {
  const Network fused = fuse(network);
  const Samples images = seeded_images(network.input_shape(), batch);
  const auto session = reference_backend().prepare(fused, {Precision::fp32, batch, 2, {}});
  return outputs_of(*session, fused, images);
}

/// The same function up to rounding, of the same shape.
void check_same_function(const Network& network, const Network& read, double least_sqnr = 100) {
  CHECK(read.input_shape() == network.input_shape());
  REQUIRE(read.output_shape() == network.output_shape());
  CHECK(fidelity(outputs_of(read), outputs_of(network), element_count(network.output_shape())).sqnr_db >=
        least_sqnr);
}

/// A small residual network with squeeze-and-excitation.
Network residual() {
  Network network("residual", {3, 12, 12});
  Convolution first = some_convolution(3, 8, square_window(3, 2, 1), 1);
  first.bias = {};
  network.add("conv", first);
  network.add("bn", some_normalization(8, 10));
  const size_t trunk = network.add("relu", relu);
  network.add("a", some_convolution(8, 8, square_window(3, 1, 1), 20, 8));
  const size_t branch = network.add("swish", Activation{Function::hard_swish});
  network.add("squeeze", GlobalAveragePool{});
  network.add("excite", some_convolution(8, 8, square_window(1, 1, 0), 30));
  const size_t gate = network.add("gate", Activation{Function::hard_sigmoid, 1 / 6.F, 0.5F});
  network.add("scaled", Multiply{}, {branch, gate});
  const size_t last = network.add("b", some_convolution(8, 8, square_window(1, 1, 0), 40));
  network.add("add", Add{}, {last, trunk});
  const size_t sum = network.add("relu2", relu);
  network.add("join", Concatenation{}, {sum, branch});
  network.add("maxpool", MaxPool{square_window(3, 2, 1)});
  network.add("avgpool", AveragePool{square_window(2, 1, 1), true});
  network.add("flatten", Flatten{});
  network.add("fc", some_linear(16 * 4 * 4, 5, 50));
  network.add("softmax", Softmax{});
  return network;
}

}  // namespace

TEST_CASE("onnx: the MLP and a residual network come back, in training form and fused") {
  for (const Network& network : {build_model("mlp", 1), residual()}) {
    check_same_function(network, written_and_read(network));
    check_same_function(network, written_and_read(fuse(network)));
    CHECK(description_of(written_and_read(network)) == description_of(network));
    CHECK(weights_hash(written_and_read(network)) == weights_hash(network));
    CHECK(weights_hash(fuse(written_and_read(fuse(network)))) == weights_hash(fuse(network)));
  }
}

TEST_CASE("onnx: each activation comes back, alone and fused") {
  for (const Activation& activation :
       {relu, Activation{Function::leaky_relu, 0.3F}, Activation{Function::clip, -0.25F, 0.5F},
        Activation{Function::clip, 0, 6}, Activation{Function::sigmoid},
        Activation{Function::hard_sigmoid, 0.25F, 0.5F}, Activation{Function::hard_swish},
        Activation{Function::silu}}) {
    INFO(to_text(activation.function));
    Network network("one", {2, 3, 3});
    network.add("conv", some_convolution(2, 2, square_window(1, 1, 0), 1));
    network.add("activation", activation);
    CHECK(description_of(written_and_read(network)) == description_of(network));
    check_same_function(network, written_and_read(fuse(network)));
  }
}

TEST_CASE("onnx: a product with one factor a channel, of a linear layer, comes back") {
  Network network("gate", {4, 3, 3});
  network.add("pool", GlobalAveragePool{});
  network.add("flat", Flatten{});
  const size_t gate = network.add("fc", some_linear(4, 4, 1));
  network.add("product", Multiply{}, {0, gate});
  check_same_function(network, written_and_read(network));
}

TEST_CASE("onnx: a pruned network comes back with its zeros, and may demand a batch") {
  Network network = residual();
  prune(network, {"magnitude", 0.5}, 1);
  const Network read = written_and_read(network, {{}, 4, {{"pruning", "magnitude:0.5"}}});
  CHECK(count_zeros(read).zeros == count_zeros(network).zeros);
  check_same_function(network, read);
}

TEST_CASE("onnx: int8 comes back with its scales, and weights within half a step") {
  const Network network = fuse(residual());
  const Samples images = seeded_images(network.input_shape(), 4);
  const auto session = reference_backend().prepare(network, {Precision::fp32, 4, 2, {}});
  const std::vector<Range> ranges = calibrate(*session, network, images, 4, "minmax");
  const Network read = fuse(written_and_read(network, {ranges, 0, {}}));
  check_same_function(network, read, 30);

  const auto range_of = [&](const std::string& start) -> std::optional<Range> {
    for (const Layer& layer : read.layers())
      if (layer.name.starts_with(start)) return layer.range;
    return std::nullopt;
  };
  for (size_t layer = 0; layer + 1 < network.layers().size(); ++layer) {
    const Layer& original = network.layers()[layer];
    INFO(original.name);
    if (std::holds_alternative<MaxPool>(original.operation) ||
        std::holds_alternative<Flatten>(original.operation))
      continue;  // of their source's scale
    const std::optional<Range> range = range_of(original.name);
    REQUIRE(range);
    const StoredRange right = store_range(ranges[layer]), found = store_range(*range);
    CHECK(found.is_unsigned == right.is_unsigned);
    CHECK(found.scale == Approx(right.scale));
  }
  CHECK(!read.layers().back().range);
}

TEST_CASE("onnx: a file that cannot be written is told, and ranges must fit the network") {
  const Network network = residual();
  CHECK_THROWS_WITH(write_onnx("/no/such/folder/model.onnx", network, {}),
                    ContainsSubstring("/no/such/folder/model.onnx: cannot be written"));
  CHECK_THROWS_WITH(write_onnx("model.onnx", network, {{{0, 1}}, 0, {}}),
                    ContainsSubstring("1 ranges for 19 layers of residual; right is one a layer"));
}

TEST_CASE("onnx: shuffled layouts give the numbers of the plain one") {
  // The same convolution over an image in either order of the file.
  const Tensor weights = some_values({4, 3, 3, 3}, 1), dense = some_values({4 * 16, 2}, 2);
  OnnxModel plain({3, 4, 4}), shuffled({4, 4, 3});
  Tensor permuted = dense;  // rows for [height, width, channels]
  for (int64_t channel = 0; channel < 4; ++channel)
    for (int64_t pixel = 0; pixel < 16; ++pixel)
      for (int64_t out = 0; out < 2; ++out)
        permuted.values[(pixel * 4 + channel) * 2 + out] = dense.values[(channel * 16 + pixel) * 2 + out];
  plain.reals("w", weights), plain.reals("d", dense);
  plain.node("Conv", {"x", "w"}, "c").text("auto_pad", "SAME_UPPER");
  plain.node("Flatten", {"c"}, "f"), plain.node("MatMul", {"f", "d"}, "y");
  shuffled.reals("w", weights), shuffled.reals("d", permuted);
  shuffled.node("Transpose", {"x"}, "t").integers("perm", {0, 3, 1, 2});
  shuffled.node("Conv", {"t", "w"}, "c").text("auto_pad", "SAME_UPPER");
  shuffled.node("Transpose", {"c"}, "l").integers("perm", {0, 2, 3, 1});
  shuffled.node("Flatten", {"l"}, "f"), shuffled.node("MatMul", {"f", "d"}, "y");
  check_same_function(read(plain), read(shuffled));
}
