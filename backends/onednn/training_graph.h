// A network with its values, gradients and the primitives that compute them, for batches of one size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/onednn/adapter.h"
#include "backends/onednn/arena.h"
#include "backends/onednn/call.h"
#include "backends/onednn/training_passes.h"
#include "harness/network.h"

namespace bitsweep::onednn {

/// A tensor that training changes, and the gradient of the loss by it; fp32, row-major.
struct Parameter {
  size_t layer = 0;
  std::string name;  ///< PyTorch's: "weight", "bias"
  memory value, gradient;

  std::span<float> values() const;
  std::span<float> gradients() const;
};

/// Convolution, Linear, BatchNormalization, ReLU, Add, pooling and Flatten, in any graph. Images lie in
/// channels last, which is what AMX kernels read; parameters, their gradients and all statistics are fp32,
/// values and their gradients of `type`.
class TrainingGraph {
 public:
  /// Starts from the network's weights (in training form, see fuse()). `type` is f32 or bf16. Throws Error,
  /// naming the layer, if it cannot be trained.
  TrainingGraph(const Network& network, int64_t batch, int threads,
                memory::data_type type = memory::data_type::f32);

  /// images [batch, input shape]; returns the outputs [batch, classes], valid until the next call.
  /// BatchNormalization uses the batch's statistics and moves the running ones towards them.
  std::span<const float> forward(std::span<const float> images);
  /// Gradients of the mean cross-entropy of the batch that was forwarded last; returns that mean.
  double backward(std::span<const int32_t> labels, float label_smoothing = 0);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Writes the parameters and running statistics into a network of the same layers.
  void store(Network& network) const;

 private:
  /// What a layer gives, the gradient by it, and what computes them.
  struct Node {
    memory value, gradient;       ///< the gradient is empty until the backward pass of a reader writes it
    bool wants_gradient = false;  ///< there are parameters in it or before it
    std::vector<size_t> readers;  ///< of its layer
    bool in_place = false;        ///< value and gradient lie in its source's memory
    bool gives_relu = false;      ///< computes the ReLU that reads it, too
    bool takes_relu_gradient = false;  ///< likewise in the backward pass
    std::vector<Call> forward, backward;
    std::function<void()> plan_backward;  ///< called once, after those of all readers
  };

  /// The running statistics of a BatchNormalization, and those of the batch.
  struct Normalization {
    size_t layer = 0;
    memory mean, variance;
    std::vector<float> running_mean, running_variance;
    double unbiased = 1;  ///< takes the variance of a batch to that of the population
  };

  void add(const Layer& layer, const Input&);
  void add(const Layer& layer, const Convolution& convolution);
  void add(const Layer& layer, const Linear& linear);
  void add(const Layer& layer, const BatchNormalization& normalization);
  void add(const Layer& layer, const Activation& activation);
  void add(const Layer& layer, const Add& addition);
  void add(const Layer& layer, const MaxPool& pool);
  void add(const Layer& layer, const AveragePool& pool);
  void add(const Layer& layer, const GlobalAveragePool&);
  void add(const Layer& layer, const Flatten&);
  void add(const Layer& layer, const auto& /*another kind*/) { refuse(layer); }
  [[noreturn]] static void refuse(const Layer& layer);

  /// The passes for tensors of these layouts, the last that of the weights' gradient.
  using Describe = std::function<WeightedPasses(const WeightedTensors&, const memory::desc&)>;
  /// `layout` and `gradient_layout`: of the weights and their gradient, possibly of any.
  void add_weighted(const Layer& layer, const Tensor& weights, const Tensor& bias, const memory::desc& layout,
                    const memory::desc& gradient_layout, const Describe& describe);
  /// Gradients by the weights, by the bias and by the source.
  void plan_weighted_backward(size_t index, size_t source, const WeightedPasses& passes,
                              const Parameter& weight, const memory& bias_gradient, const memory& packed);
  void add_pool(const Layer& layer, dnnl::algorithm kind, const Geometry& geometry);

  /// Whether another layer may write over what `source` gives: nothing else reads it.
  bool may_overwrite(size_t source) const;
  /// Whether the layer that is added should compute the ReLU that reads it.
  bool followed_by_relu_only() const;
  /// Lets `write` make the call that writes the gradient by what `source` gives; added to what readers that
  /// come later in the network wrote.
  void contribute(size_t source, std::vector<Call>& calls, const std::function<Call(const memory&)>& write);
  /// Whether `operand` may have its gradient in the memory of the sum's, which `other` reads at its own turn.
  bool may_share_gradient(size_t operand, size_t other, size_t sum) const;

  Node& node() { return nodes_[index_]; }
  /// Prepares the node of the layer that is added, with memory for its value.
  Node& begin_node(const Layer& layer, bool has_parameters);
  memory make_memory(const memory::desc& layout) const { return {layout, engine_}; }
  /// The same memory with other dimensions or another order of them.
  memory view(const memory& of, const memory::desc& layout) const {
    return {layout, engine_, of.get_data_handle()};
  }
  Parameter add_parameter(const std::string& name, const Tensor& tensor);
  Call call(const Operator& executed, std::vector<BoundMemory> arguments);
  Call copy(const memory& from, const memory& to);
  Call sum(const memory& first, const memory& second, const memory& to, const Activation& activation = {});
  void allocate_scratchpad();
  void update_statistics();

  int64_t batch_;
  int threads_;
  memory::data_type type_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Node> nodes_;    ///< index as in the network
  std::vector<bool> is_relu_;  ///< likewise
  size_t index_ = 0;           ///< of the layer that is added
  std::vector<Parameter> parameters_;
  std::vector<Normalization> normalizations_;
  memory images_, outputs_, output_gradient_;  ///< fp32, row-major
  std::vector<Call> read_images_, write_outputs_, read_gradient_;
  std::vector<memory> scratchpads_;  ///< one block serves all calls, which run one after the other
  std::unique_ptr<AlignedMemory> scratchpad_;
};

/// Mean over the batch of the cross-entropy between softmax(outputs) and the labels, and its gradient by the
/// outputs. With smoothing s a label stands for (1 - s) of its class and s / classes of each (Szegedy et al.,
/// CVPR 2016, arXiv 1512.00567, section 7).
///   outputs, gradient  [batch, classes]; labels [batch]
double softmax_cross_entropy(std::span<const float> outputs, std::span<const int32_t> labels,
                             std::span<float> gradient, float label_smoothing = 0);

}  // namespace bitsweep::onednn
