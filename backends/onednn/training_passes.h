// The passes of training a layer, forward and backward, in the layouts that the caller fixes.
#pragma once

#include "backends/onednn/adapter.h"

namespace bitsweep::onednn {

/// Of a layer with weights. Where the engine chooses their layout, it differs from pass to pass.
struct WeightedPasses {
  Operator forward;           ///< .weights: the layout it reads
  Operator backward_data;     ///< .weights likewise
  Operator backward_weights;  ///< .weights: the layout of the gradient, in fp32
};

/// The layouts of weights and their gradient may be left to the engine (format_tag::any), the others are
/// fixed; a bias of {} for none.
WeightedPasses convolution_training(const dnnl::engine& engine, const WeightedTensors& tensors,
                                    const memory::desc& weight_gradient, const Geometry& geometry);
WeightedPasses inner_product_training(const dnnl::engine& engine, const WeightedTensors& tensors,
                                      const memory::desc& weight_gradient);

/// Of a layer that leaves something of the forward pass for the backward pass.
struct PairedPasses {
  Operator forward, backward;
  memory::desc workspace;  ///< empty for none
};

/// With the statistics of the batch, which are outputs (mean, variance); scale and shift apart; in place in
/// the backward pass only if source and destination are the same.
PairedPasses batch_normalization_training(const dnnl::engine& engine, const memory::desc& layout,
                                          float epsilon, bool with_relu);
PairedPasses pooling_training(const dnnl::engine& engine, dnnl::algorithm kind, const memory::desc& source,
                              const memory::desc& destination, const Geometry& geometry);

/// The backward pass reads the layer's destination: DNNL_ARG_DST, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC. So
/// both passes work in place.
PairedPasses relu_training(const dnnl::engine& engine, const memory::desc& layout);

}  // namespace bitsweep::onednn
