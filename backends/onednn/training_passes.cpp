#include "backends/onednn/training_passes.h"

#include "backends/onednn/describe.h"

namespace bitsweep::onednn {
namespace {

using dnnl::algorithm;
using dnnl::engine;
using dnnl::prop_kind;
using dnnl::query;

/// operator_of, for a pass whose weights are an output.
template <class Primitive, class Description>
Operator weights_pass(const Description& description) {
  Operator pass = operator_of<Primitive>(description);
  pass.weights = description.query_md(query::diff_weights_md, 0);
  return pass;
}

}  // namespace

WeightedPasses convolution_training(const engine& engine, const WeightedTensors& tensors,
                                    const memory::desc& weight_gradient, const Geometry& geometry) {
  const auto& [kernel, strides, dilation, begin, end] = geometry;
  constexpr algorithm direct = algorithm::convolution_direct;
  const auto forward = describe<dnnl::convolution_forward>(
      engine, common_attributes(), prop_kind::forward_training, direct, tensors.source, tensors.weights,
      tensors.bias, tensors.destination, strides, dilation, begin, end);
  const auto data = describe_backward<dnnl::convolution_backward_data>(
      engine, forward, direct, tensors.source, tensors.weights, tensors.destination, strides, dilation, begin,
      end);
  const auto weights = describe_backward<dnnl::convolution_backward_weights>(
      engine, forward, direct, tensors.source, weight_gradient, tensors.bias, tensors.destination, strides,
      dilation, begin, end);
  return {operator_of<dnnl::convolution_forward>(forward), operator_of<dnnl::convolution_backward_data>(data),
          weights_pass<dnnl::convolution_backward_weights>(weights)};
}

WeightedPasses inner_product_training(const engine& engine, const WeightedTensors& tensors,
                                      const memory::desc& weight_gradient) {
  const auto forward = describe<dnnl::inner_product_forward>(
      engine, common_attributes(), prop_kind::forward_training, tensors.source, tensors.weights, tensors.bias,
      tensors.destination);
  const auto data = describe_backward<dnnl::inner_product_backward_data>(
      engine, forward, tensors.source, tensors.weights, tensors.destination);
  const auto weights = describe_backward<dnnl::inner_product_backward_weights>(
      engine, forward, tensors.source, weight_gradient, tensors.bias, tensors.destination);
  return {operator_of<dnnl::inner_product_forward>(forward),
          operator_of<dnnl::inner_product_backward_data>(data),
          weights_pass<dnnl::inner_product_backward_weights>(weights)};
}

PairedPasses batch_normalization_training(const engine& engine, const memory::desc& layout, float epsilon,
                                          bool with_relu) {
  dnnl::normalization_flags flags =
      dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
  if (with_relu) flags = flags | dnnl::normalization_flags::fuse_norm_relu;
#if DNNL_VERSION_MAJOR >= 3
  const auto forward = describe<dnnl::batch_normalization_forward>(
      engine, common_attributes(), prop_kind::forward_training, layout, layout, epsilon, flags);
  const auto backward = describe_backward<dnnl::batch_normalization_backward>(
      engine, forward, prop_kind::backward, layout, layout, layout, epsilon, flags);
#else
  const auto forward = describe<dnnl::batch_normalization_forward>(
      engine, common_attributes(), prop_kind::forward_training, layout, epsilon, flags);
  const auto backward = describe_backward<dnnl::batch_normalization_backward>(
      engine, forward, prop_kind::backward, layout, layout, epsilon, flags);
#endif
  return {operator_of<dnnl::batch_normalization_forward>(forward),
          operator_of<dnnl::batch_normalization_backward>(backward),
          forward.query_md(query::workspace_md, 0)};
}

PairedPasses pooling_training(const engine& engine, algorithm kind, const memory::desc& source,
                              const memory::desc& destination, const Geometry& geometry) {
  const auto& [kernel, strides, dilation, begin, end] = geometry;
#if DNNL_VERSION_MAJOR >= 3
  const auto forward =
      describe<dnnl::pooling_forward>(engine, common_attributes(), prop_kind::forward_training, kind, source,
                                      destination, strides, kernel, dilation, begin, end);
  const auto backward = describe_backward<dnnl::pooling_backward>(engine, forward, kind, source, destination,
                                                                  strides, kernel, dilation, begin, end);
#else
  const auto forward =
      describe<dnnl::pooling_forward>(engine, common_attributes(), prop_kind::forward_training, kind, source,
                                      destination, strides, kernel, begin, end);
  const auto backward = describe_backward<dnnl::pooling_backward>(engine, forward, kind, source, destination,
                                                                  strides, kernel, begin, end);
#endif
  return {operator_of<dnnl::pooling_forward>(forward), operator_of<dnnl::pooling_backward>(backward),
          forward.query_md(query::workspace_md, 0)};
}

PairedPasses relu_training(const engine& engine, const memory::desc& layout) {
  constexpr algorithm kind = algorithm::eltwise_relu_use_dst_for_bwd;
#if DNNL_VERSION_MAJOR >= 3
  const auto forward = describe<dnnl::eltwise_forward>(
      engine, common_attributes(), prop_kind::forward_training, kind, layout, layout, 0.F, 0.F);
  const auto backward =
      describe_backward<dnnl::eltwise_backward>(engine, forward, kind, layout, layout, layout, 0.F, 0.F);
#else
  const auto forward = describe<dnnl::eltwise_forward>(engine, common_attributes(),
                                                       prop_kind::forward_training, kind, layout, 0.F, 0.F);
  const auto backward =
      describe_backward<dnnl::eltwise_backward>(engine, forward, kind, layout, layout, 0.F, 0.F);
#endif
  return {operator_of<dnnl::eltwise_forward>(forward), operator_of<dnnl::eltwise_backward>(backward), {}};
}

}  // namespace bitsweep::onednn
