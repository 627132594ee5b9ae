// A neural network as a graph of layers in execution order, its shapes checked when it is built.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bitsweep {

using Shape = std::vector<int64_t>;

/// The product of the sizes; 1 for an empty shape.
int64_t element_count(const Shape& shape);

/// "[64, 3, 7, 7]"
std::string to_text(const Shape& shape);

/// Dense fp32 values in row-major order.
struct Tensor {
  Shape shape;
  std::vector<float> values;

  bool operator==(const Tensor&) const = default;
};

/// Geometry of a sliding window; {vertical, horizontal}, in elements.
struct Window {
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> padding_begin{0, 0};
  std::array<int64_t, 2> padding_end{0, 0};
  std::array<int64_t, 2> dilation{1, 1};  ///< 1: dense (ONNX's convention; oneDNN counts from 0)
};

/// What a layer's output can be, over the calibration set; low <= 0 <= high.
struct Range {
  float low = 0;
  float high = 0;

  bool operator==(const Range&) const = default;
};

/// Elementwise functions; what alpha and beta mean stands beside each. Names and formulas are ONNX's.
enum class Function {
  identity,
  relu,          ///< max(0, x)
  leaky_relu,    ///< x for x >= 0, else alpha x
  clip,          ///< min(max(x, alpha), beta); ReLU6 is clip between 0 and 6
  sigmoid,       ///< 1 / (1 + exp(-x))
  hard_sigmoid,  ///< max(0, min(1, alpha x + beta))
  hard_swish,    ///< x max(0, min(1, x / 6 + 1 / 2)); Howard et al., ICCV 2019 (arXiv 1905.02244)
  silu,          ///< x sigmoid(x), also called swish
};

/// An elementwise function, as a layer of its own or fused into the layer before it.
struct Activation {
  Function function = Function::identity;
  float alpha = 0;
  float beta = 0;

  bool operator==(const Activation&) const = default;
  explicit operator bool() const { return function != Function::identity; }
};
inline constexpr Activation relu{Function::relu};

struct Input {};

/// y = activation(x * weights + bias + shortcut?). A second input of the layer is the shortcut, of the shape
/// of y (only after fuse()).
struct Convolution {
  Tensor weights;  ///< [out, in / groups, kernel height, kernel width]
  Tensor bias;  ///< [out]; Tensor{} for none, as before a BatchNormalization (fuse() gives every layer one)
  Window window;
  int64_t groups = 1;
  Activation activation = {};
};

/// y = activation(weights x + bias)
struct Linear {
  Tensor weights;  ///< [out, in]
  Tensor bias;     ///< [out]; Tensor{} for none, likewise
  Activation activation = {};
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, a channel; Ioffe & Szegedy 2015 (arXiv
/// 1502.03167).
struct BatchNormalization {
  Tensor scale, shift, mean, variance;  ///< [channels]
  float epsilon = 1e-5F;
};

/// y = activation(a + b)
struct Add {
  Activation activation = {};
};

/// y = a b. The second input may have one value a channel, [channels] or [channels, 1, 1], as the gates of
/// squeeze-and-excitation have.
struct Multiply {};

/// Joins images along their channels, or vectors: [c1, height, width], [c2, height, width], ... → [c1 + c2 +
/// ..., height, width].
struct Concatenation {};

struct MaxPool {
  Window window;  ///< padding never wins
};

struct AveragePool {
  Window window;
  bool count_padding = false;
};

/// [channels, height, width] → [channels, 1, 1]
struct GlobalAveragePool {};

/// → [elements]
struct Flatten {};

/// Over the channels, of each pixel; or over a vector.
struct Softmax {};

using Operation = std::variant<Input, Convolution, Linear, BatchNormalization, Activation, Add, Multiply,
                               Concatenation, MaxPool, AveragePool, GlobalAveragePool, Flatten, Softmax>;

struct Layer {
  std::string name;
  Operation operation;
  std::vector<size_t> inputs;  ///< indices of earlier layers
  Shape shape;  ///< of the output for one image, without the batch: [channels, height, width] or [elements]
  std::optional<Range> range;  ///< of the output, where the model's file gives it: taken for int8 as it is
};

/// "relu", "clip", ...
std::string to_text(Function function);

/// "convolution", "linear", "relu", ...: one word for tables and messages.
std::string kind(const Layer& layer);

/// Calls visit(name, tensor, trainable) for each tensor that the operation owns, under PyTorch's name for it.
/// This is the only list of them: counts, hashes and checkpoints all come from it.
template <class OperationOrConst, class Visit>
void for_each_tensor(OperationOrConst& operation, Visit&& visit) {
  const auto weighted = [&](auto* layer) {
    visit("weight", layer->weights, true);
    if (layer->bias != Tensor{}) visit("bias", layer->bias, true);
  };
  if (auto* convolution = std::get_if<Convolution>(&operation)) weighted(convolution);
  if (auto* linear = std::get_if<Linear>(&operation)) weighted(linear);
  if (auto* normalization = std::get_if<BatchNormalization>(&operation)) {
    visit("weight", normalization->scale, true);
    visit("bias", normalization->shift, true);
    visit("running_mean", normalization->mean, false);
    visit("running_var", normalization->variance, false);
  }
}

/// Layer 0 is the input, named "input"; the last layer is the output.
class Network {
 public:
  Network(std::string name, Shape input);

  /// Appends a layer and returns its index. Throws Error, naming the layer, if its inputs or shapes are
  /// impossible.
  size_t add(std::string name, Operation operation, std::vector<size_t> inputs);
  /// The same with the previous layer as the only input.
  size_t add(std::string name, Operation operation);

  const std::string& name() const { return name_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const Shape& input_shape() const { return layers_.front().shape; }
  const Shape& output_shape() const { return layers_.back().shape; }

  /// Notes what int8 has to take as the range of a layer's output.
  void set_range(size_t layer, Range range) { layers_.at(layer).range = range; }

  /// Gives the layers away, without copying their weights; only the name may be asked for afterwards.
  std::vector<Layer> take_layers() { return std::move(layers_); }

  /// The weights of a convolution or linear layer, to be changed in value but not in shape; null for other
  /// layers.
  Tensor* weights(size_t layer);
  const Tensor* weights(size_t layer) const;

  /// As for_each_tensor of the layer's operation; the tensors may be changed in value but not in shape.
  template <class Visit>
  void visit_tensors(size_t layer, Visit&& visit) {
    for_each_tensor(layers_[layer].operation, std::forward<Visit>(visit));
  }

 private:
  std::string name_;
  std::vector<Layer> layers_;
};

/// Multiply-accumulate operations of one image. Convolutions and linear layers count, as in the literature.
int64_t macs(const Network& network, size_t layer);
int64_t macs(const Network& network);
/// Those that an engine has to compute at least: a weight that meets padding multiplies zero, and engines
/// skip it. Of a 3 × 3 convolution on images of 2 × 2 it is 16 in 36.
int64_t macs_on_image(const Network& network, size_t layer);
/// Pixels of its first input that a layer's windows reach, over all of them: a quarter of a 1 × 1 convolution
/// of stride 2. Engines need not read the others.
double share_of_input_read(const Network& network, size_t layer);

/// Trainable parameters (weights, biases, BatchNorm scale and shift), as torchvision counts them.
int64_t parameter_count(const Network& network);

/// Of the weights of convolutions and linear layers (biases excluded).
struct ZeroCount {
  int64_t zeros = 0;
  int64_t denormals = 0;  ///< too small for a normal fp32 number: slow on x86 where they are not flushed
  int64_t weights = 0;    ///< all
};
ZeroCount count_zeros(const Network& network);

/// XXH3 (128 bits, hexadecimal) over all shapes and values: equal networks hash equally.
std::string weights_hash(const Network& network);

}  // namespace bitsweep
