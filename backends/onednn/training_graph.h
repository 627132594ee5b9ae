// A network with its values, gradients and the primitives that compute them, for batches of one size.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backends/onednn/adapter.h"
#include "backends/onednn/call.h"
#include "harness/network.h"

namespace bitsweep::onednn {

/// A tensor that training changes, and the gradient of the loss by it; row-major.
struct Parameter {
  size_t layer = 0;
  std::string name;  ///< PyTorch's: "weight", "bias"
  memory value, gradient;

  std::span<float> values() const;
  std::span<float> gradients() const;
};

/// Layers that can be trained: Linear, ReLU, Flatten; one reader a layer. All tensors are row-major, so a new
/// kind of layer is one more add().
class TrainingGraph {
 public:
  /// Starts from the network's weights. Throws Error, naming the layer, if it cannot be trained.
  TrainingGraph(const Network& network, int64_t batch, int threads);

  /// images [batch, input shape]; returns the outputs [batch, classes], valid until the next call.
  std::span<const float> forward(std::span<const float> images);
  /// Gradients of the mean cross-entropy of the batch that was forwarded last; returns that mean.
  double backward(std::span<const int32_t> labels);
  /// value -= learning_rate * gradient, of all parameters.
  void descend(float learning_rate);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Writes the parameters into a network of the same layers.
  void store(Network& network) const;

 private:
  /// What a layer gives, the gradient by it, and what computes them.
  struct Node {
    memory value, gradient;
    bool wants_gradient = false;  ///< there are parameters before it
    std::vector<Call> forward, backward;
  };

  void add(const Layer& layer, const Input& input);
  void add(const Layer& layer, const Linear& linear);
  void add(const Layer& layer, const Activation& activation);
  void add(const Layer& layer, const Flatten& flatten);
  void add(const Layer& layer, const auto& /*another kind*/) { refuse(layer); }
  [[noreturn]] static void refuse(const Layer& layer);
  Node& source_of(const Layer& layer) { return nodes_[layer.inputs[0]]; }
  /// A node with its own memory.
  Node make_node(const Shape& shape, bool wants_gradient) const;
  const Parameter& add_parameter(const std::string& name, const Tensor& tensor);
  Call call(const Operator& executed, std::vector<BoundMemory> arguments) const;

  int64_t batch_;
  int threads_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Node> nodes_;
  std::vector<Parameter> parameters_;
};

/// Mean over the batch of -log softmax(outputs)[label], and its gradient by the outputs.
///   outputs, gradient  [batch, classes]; labels [batch]
double softmax_cross_entropy(std::span<const float> outputs, std::span<const int32_t> labels,
                             std::span<float> gradient);

}  // namespace bitsweep::onednn
