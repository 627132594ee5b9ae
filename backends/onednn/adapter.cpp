#include "backends/onednn/adapter.h"

#include <cstring>

#include <fmt/format.h>

namespace bitsweep::onednn {
namespace {

using dnnl::algorithm;
using dnnl::engine;
using dnnl::primitive_attr;
using dnnl::prop_kind;
using dnnl::query;

constexpr bool generation_3 = DNNL_VERSION_MAJOR >= 3;

/// Strict FP32 whatever the environment says, and no memory that the library manages behind our back.
primitive_attr common_attributes() {
  primitive_attr attributes;
  attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// Generation 2 makes an operation descriptor first, generation 3 takes its arguments directly.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const engine& engine, const primitive_attr& attributes,
                                            const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, arguments..., attributes);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, engine);
#endif
}

/// The same for a backward pass, which refers to its forward pass.
template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(const engine& engine, const Forward& forward,
                                                     const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, arguments..., forward, common_attributes());
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), common_attributes(),
                                            engine, forward);
#endif
}

template <class Primitive, class Description>
Operator operator_of(const Description& description, std::vector<BoundMemory> scales = {}) {
  return {Primitive(description),
          description.impl_info_str(),
          description.query_md(query::src_md, 0),
          description.query_md(query::weights_md, 0),
          description.query_md(query::dst_md, 0),
          description.query_md(query::scratchpad_md, 0),
          std::move(scales)};
}

void append_relu(dnnl::post_ops& operations) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm::eltwise_relu, 0.F, 0.F);
#else
  operations.append_eltwise(1.F, algorithm::eltwise_relu, 0.F, 0.F);
#endif
}

void append_multiply(dnnl::post_ops& operations, float factor) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(algorithm::eltwise_linear, factor, 0.F);
#else
  operations.append_eltwise(1.F, algorithm::eltwise_linear, factor, 0.F);
#endif
}

/// Post-operations run on real numbers in generation 3, which divides by the destination's scale at the end;
/// on numbers of the destination's scale in generation 2, which has multiplied before.
dnnl::post_ops post_operations(const Fusion& fusion) {
  dnnl::post_ops operations;
  if (fusion.shortcut) {
    const float scale = fusion.shortcut->scale / (generation_3 ? 1 : fusion.destination.scale);
    operations.append_sum(scale, 0, fusion.shortcut->type);
  }
  if (fusion.relu) append_relu(operations);
  return operations;
}

#if DNNL_VERSION_MAJOR >= 3

/// Announces scales for one argument and keeps their values.
void set_scales(primitive_attr& attributes, std::vector<BoundMemory>& bound, const engine& engine,
                int argument, int mask, const std::vector<float>& values) {
  attributes.set_scales_mask(argument, mask);
  memory scales({{static_cast<memory::dim>(values.size())}, memory::data_type::f32, memory::format_tag::a},
                engine);
  std::memcpy(scales.get_data_handle(), values.data(), values.size() * sizeof(float));
  bound.emplace_back(DNNL_ARG_ATTR_SCALES | argument, scales);
}

void set_weighted_scales(primitive_attr& attributes, std::vector<BoundMemory>& bound, const engine& engine,
                         const Fusion& fusion, bool grouped) {
  const int output_channels = grouped ? 3 : 1;  // dimension 0, and 1 where the weights are [groups, out, ...]
  set_scales(attributes, bound, engine, DNNL_ARG_SRC, 0, {fusion.source.scale});
  set_scales(attributes, bound, engine, DNNL_ARG_WEIGHTS, output_channels, fusion.weight_scales);
  if (fusion.destination.scale != 1)
    set_scales(attributes, bound, engine, DNNL_ARG_DST, 0, {fusion.destination.scale});
}

#else

/// One factor an output channel takes the accumulator to the destination's scale.
void set_weighted_scales(primitive_attr& attributes, std::vector<BoundMemory>&, const engine&,
                         const Fusion& fusion, bool) {
  const int output_channels = 1 << 1;  // dimension 1 of the destination
  std::vector<float> factors = fusion.weight_scales;
  for (float& factor : factors) factor *= fusion.source.scale / fusion.destination.scale;
  attributes.set_output_scales(output_channels, factors);
}

#endif

/// Attributes of a layer with weights, and the scales to be passed at execution.
std::pair<primitive_attr, std::vector<BoundMemory>> weighted_attributes(const engine& engine,
                                                                        const Fusion& fusion, bool grouped) {
  primitive_attr attributes = common_attributes();
  std::vector<BoundMemory> scales;
  if (!fusion.weight_scales.empty()) set_weighted_scales(attributes, scales, engine, fusion, grouped);
  attributes.set_post_ops(post_operations(fusion));
  return {attributes, scales};
}

}  // namespace

Operator convolution(const engine& engine, const WeightedTensors& tensors, const Geometry& geometry,
                     const Fusion& fusion) {
  const bool grouped = dims_of(tensors.weights).size() == 5;
  auto [attributes, scales] = weighted_attributes(engine, fusion, grouped);
  const auto description = describe<dnnl::convolution_forward>(
      engine, attributes, prop_kind::forward_inference, algorithm::convolution_direct, tensors.source,
      tensors.weights, tensors.bias, tensors.destination, geometry.strides, geometry.dilation,
      geometry.padding_begin, geometry.padding_end);
  return operator_of<dnnl::convolution_forward>(description, scales);
}

Operator inner_product(const engine& engine, const WeightedTensors& tensors, const Fusion& fusion) {
  auto [attributes, scales] = weighted_attributes(engine, fusion, false);
  const auto description =
      describe<dnnl::inner_product_forward>(engine, attributes, prop_kind::forward_inference, tensors.source,
                                            tensors.weights, tensors.bias, tensors.destination);
  return operator_of<dnnl::inner_product_forward>(description, scales);
}

std::vector<float> engine_bias(std::vector<float> bias, const Fusion& fusion) {
  if (generation_3 || fusion.weight_scales.empty()) return bias;
  for (size_t channel = 0; channel < bias.size(); ++channel)
    bias[channel] /= fusion.source.scale * fusion.weight_scales[channel];
  return bias;
}

Operator pooling(const engine& engine, algorithm kind, const memory::desc& source,
                 const memory::desc& destination, const Geometry& geometry, float rescale) {
  primitive_attr attributes = common_attributes();
  if (rescale != 1) {
    dnnl::post_ops operations;
    append_multiply(operations, rescale);
    attributes.set_post_ops(operations);
  }
#if DNNL_VERSION_MAJOR >= 3
  const auto description = describe<dnnl::pooling_forward>(
      engine, attributes, prop_kind::forward_inference, kind, source, destination, geometry.strides,
      geometry.kernel, geometry.dilation, geometry.padding_begin, geometry.padding_end);
#else
  const auto description = describe<dnnl::pooling_forward>(
      engine, attributes, prop_kind::forward_inference, kind, source, destination, geometry.strides,
      geometry.kernel, geometry.padding_begin, geometry.padding_end);
#endif
  return operator_of<dnnl::pooling_forward>(description);
}

namespace {

dnnl::eltwise_forward::primitive_desc describe_relu(const engine& engine, prop_kind purpose,
                                                    const memory::desc& layout) {
#if DNNL_VERSION_MAJOR >= 3
  return describe<dnnl::eltwise_forward>(engine, common_attributes(), purpose, algorithm::eltwise_relu,
                                         layout, layout, 0.F, 0.F);
#else
  return describe<dnnl::eltwise_forward>(engine, common_attributes(), purpose, algorithm::eltwise_relu,
                                         layout, 0.F, 0.F);
#endif
}

}  // namespace

Operator relu(const engine& engine, const memory::desc& layout) {
  return operator_of<dnnl::eltwise_forward>(describe_relu(engine, prop_kind::forward_inference, layout));
}

Operator addition(const engine& engine, const Operand& first, const Operand& second,
                  const Operand& destination, bool with_relu) {
  primitive_attr attributes = common_attributes();
  std::vector<BoundMemory> scales;
  // Binary primitives have no scale for the destination in either generation: the sources' scales carry it.
  const auto scale = [&](int argument, float factor) {
    if (factor == 1) return;
#if DNNL_VERSION_MAJOR >= 3
    set_scales(attributes, scales, engine, argument, 0, {factor});
#else
    attributes.set_scales(argument, 0, {factor});
#endif
  };
  scale(DNNL_ARG_SRC_0, first.format.scale / destination.format.scale);
  scale(DNNL_ARG_SRC_1, second.format.scale / destination.format.scale);
  dnnl::post_ops operations;
  if (with_relu) append_relu(operations);
  attributes.set_post_ops(operations);
  return operator_of<dnnl::binary>(describe<dnnl::binary>(engine, attributes, algorithm::binary_add,
                                                          first.layout, second.layout, destination.layout),
                                   scales);
}

Operator reorder(const engine& engine, const Operand& from, const Operand& to) {
  primitive_attr attributes = common_attributes();
  std::vector<BoundMemory> scales;
#if DNNL_VERSION_MAJOR >= 3
  if (from.format.scale != 1) set_scales(attributes, scales, engine, DNNL_ARG_SRC, 0, {from.format.scale});
  if (to.format.scale != 1) set_scales(attributes, scales, engine, DNNL_ARG_DST, 0, {to.format.scale});
#else
  if (from.format.scale != to.format.scale)
    attributes.set_output_scales(0, {from.format.scale / to.format.scale});
#endif
  const dnnl::reorder::primitive_desc description(engine, from.layout, engine, to.layout, attributes);
  return operator_of<dnnl::reorder>(description, scales);
}

TrainingPasses inner_product_training(const engine& engine, const WeightedTensors& tensors) {
  const auto forward = describe<dnnl::inner_product_forward>(
      engine, common_attributes(), prop_kind::forward_training, tensors.source, tensors.weights, tensors.bias,
      tensors.destination);
  const auto data = describe_backward<dnnl::inner_product_backward_data>(
      engine, forward, tensors.source, tensors.weights, tensors.destination);
  const auto weights = describe_backward<dnnl::inner_product_backward_weights>(
      engine, forward, tensors.source, tensors.weights, tensors.bias, tensors.destination);
  return {operator_of<dnnl::inner_product_forward>(forward),
          operator_of<dnnl::inner_product_backward_data>(data),
          operator_of<dnnl::inner_product_backward_weights>(weights)};
}

TrainingPasses relu_training(const engine& engine, const memory::desc& layout) {
  const auto forward = describe_relu(engine, prop_kind::forward_training, layout);
#if DNNL_VERSION_MAJOR >= 3
  const auto data = describe_backward<dnnl::eltwise_backward>(engine, forward, algorithm::eltwise_relu,
                                                              layout, layout, layout, 0.F, 0.F);
#else
  const auto data = describe_backward<dnnl::eltwise_backward>(engine, forward, algorithm::eltwise_relu,
                                                              layout, layout, 0.F, 0.F);
#endif
  return {operator_of<dnnl::eltwise_forward>(forward), operator_of<dnnl::eltwise_backward>(data), {}};
}

memory::data_type data_type_of(const memory::desc& layout) {
#if DNNL_VERSION_MAJOR >= 3
  return layout.get_data_type();
#else
  return layout.data_type();
#endif
}

memory::dims dims_of(const memory::desc& layout) {
#if DNNL_VERSION_MAJOR >= 3
  return layout.get_dims();
#else
  return layout.dims();
#endif
}

std::string library_version() {
  const dnnl::version_t& version = *dnnl::version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

EngineFeatures engine_features() {
  // The values are sets of bits: a larger set has all instructions of the smaller one.
  const auto effective = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [&](dnnl::cpu_isa isa) {
    const auto bits = static_cast<unsigned>(isa);
    return (effective & bits) == bits;
  };
  EngineFeatures features;
  features.int8 = has(dnnl::cpu_isa::avx2);
  features.bf16 = has(dnnl::cpu_isa::avx512_core_bf16) || has(dnnl::cpu_isa::avx512_core_amx);
#if DNNL_VERSION_MAJOR >= 3
  features.fp16 = has(dnnl::cpu_isa::avx512_core_fp16);
#endif
  return features;
}

}  // namespace bitsweep::onednn
