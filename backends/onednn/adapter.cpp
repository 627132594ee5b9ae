#include "backends/onednn/adapter.h"

#include <array>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "backends/onednn/describe.h"

namespace bitsweep::onednn {
namespace {

using dnnl::algorithm;
using dnnl::engine;
using dnnl::primitive_attr;
using dnnl::prop_kind;

/// An elementwise function as oneDNN has it.
struct Eltwise {
  algorithm kind;
  float alpha = 0;
  float beta = 0;
};

/// Whether s f(x) can be computed of s x, for all s > 0: such a function may work on numbers of any scale.
bool keeps_scale(const Activation& activation) {
  return activation.function != Function::sigmoid && activation.function != Function::hard_swish &&
         activation.function != Function::silu;
}

/// scale × activation of what is scale × the real number; applied one after the other. The scale is 1 for a
/// function that does not keep it.
std::vector<Eltwise> eltwise_of(const Activation& activation, float scale = 1) {
  const auto [function, alpha, beta] = activation;
  switch (function) {
    case Function::identity:
      return {};
    case Function::relu:
      return {{algorithm::eltwise_relu}};
    case Function::leaky_relu:
      return {{algorithm::eltwise_relu, alpha}};
    case Function::clip:
      return {{algorithm::eltwise_clip, scale * alpha, scale * beta}};
    case Function::sigmoid:
      return {{algorithm::eltwise_logistic}};
    case Function::hard_sigmoid:
      return {{algorithm::eltwise_linear, alpha, scale * beta}, {algorithm::eltwise_clip, 0, scale}};
    case Function::hard_swish:  // generation 2 knows no other factors and ignores them
      return {{algorithm::eltwise_hardswish, 1.F / 6, 0.5F}};
    case Function::silu:
      return {{algorithm::eltwise_swish, 1}};
  }
  throw std::logic_error("a function is missing in eltwise_of()");
}

void append(dnnl::post_ops& operations, const std::vector<Eltwise>& steps) {
  for (const auto& [kind, alpha, beta] : steps)
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(kind, alpha, beta);
#else
    operations.append_eltwise(1.F, kind, alpha, beta);
#endif
}

/// activation(value) / divisor, where numbers come divided already if the activation keeps the scale.
void append_divided(dnnl::post_ops& operations, const Activation& activation, float divisor) {
  if (keeps_scale(activation)) return append(operations, eltwise_of(activation, 1 / divisor));
  append(operations, eltwise_of(activation));
  if (divisor != 1) append(operations, {{algorithm::eltwise_linear, 1 / divisor}});
}

/// By what generation 2 divides the accumulator before the post-operations, which it leaves to them
/// otherwise. Generation 3 runs them on real numbers and divides by the destination's scale at the end.
float early_divisor(const Fusion& fusion) {
  return !generation_3 && keeps_scale(fusion.activation) ? fusion.destination.scale : 1.F;
}

dnnl::post_ops post_operations(const Fusion& fusion) {
  dnnl::post_ops operations;
  if (fusion.shortcut)
    operations.append_sum(fusion.shortcut->scale / early_divisor(fusion), 0, fusion.shortcut->type);
  append_divided(operations, fusion.activation, generation_3 ? 1 : fusion.destination.scale);
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

/// One factor an output channel takes the accumulator to the destination's scale, or to real numbers.
void set_weighted_scales(primitive_attr& attributes, std::vector<BoundMemory>&, const engine&,
                         const Fusion& fusion, bool) {
  const int output_channels = 1 << 1;  // dimension 1 of the destination
  std::vector<float> factors = fusion.weight_scales;
  for (float& factor : factors) factor *= fusion.source.scale / early_divisor(fusion);
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
    append(operations, {{algorithm::eltwise_linear, rescale}});
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

/// Binary primitives have no scale for the destination in either generation: `factors`, one a source, carry
/// it.
Operator binary(const engine& engine, algorithm kind, const memory::desc& first, const memory::desc& second,
                const memory::desc& destination, std::array<float, 2> factors,
                const dnnl::post_ops& operations) {
  primitive_attr attributes = common_attributes();
  std::vector<BoundMemory> scales;
  const auto scale = [&](int argument, float factor) {
    if (factor == 1) return;
#if DNNL_VERSION_MAJOR >= 3
    set_scales(attributes, scales, engine, argument, 0, {factor});
#else
    attributes.set_scales(argument, 0, {factor});
#endif
  };
  scale(DNNL_ARG_SRC_0, factors[0]);
  scale(DNNL_ARG_SRC_1, factors[1]);
  attributes.set_post_ops(operations);
  return operator_of<dnnl::binary>(
      describe<dnnl::binary>(engine, attributes, kind, first, second, destination), scales);
}

}  // namespace

std::vector<Operator> activation(const engine& engine, const Activation& activation,
                                 const memory::desc& layout) {
  std::vector<Operator> operators;
  for (const auto& [kind, alpha, beta] : eltwise_of(activation))
#if DNNL_VERSION_MAJOR >= 3
    operators.push_back(operator_of<dnnl::eltwise_forward>(describe<dnnl::eltwise_forward>(
        engine, common_attributes(), prop_kind::forward_inference, kind, layout, layout, alpha, beta)));
#else
    operators.push_back(operator_of<dnnl::eltwise_forward>(describe<dnnl::eltwise_forward>(
        engine, common_attributes(), prop_kind::forward_inference, kind, layout, alpha, beta)));
#endif
  return operators;
}

Operator addition(const engine& engine, const Operand& first, const Operand& second,
                  const Operand& destination, const Activation& activation) {
  const float scale = destination.format.scale;
  const float divisor = keeps_scale(activation) ? scale : 1;  // else the post-operations divide
  dnnl::post_ops operations;
  append_divided(operations, activation, scale);
  return binary(engine, algorithm::binary_add, first.layout, second.layout, destination.layout,
                {first.format.scale / divisor, second.format.scale / divisor}, operations);
}

Operator product(const engine& engine, const Operand& first, const Operand& second,
                 const Operand& destination) {
  return binary(engine, algorithm::binary_mul, first.layout, second.layout, destination.layout,
                {first.format.scale * second.format.scale / destination.format.scale, 1}, {});
}

Operator concatenation(const engine& engine, const std::vector<memory::desc>& sources,
                       const memory::desc& destination) {
  constexpr int channels = 1;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::concat::primitive_desc description(engine, destination, channels, sources, common_attributes());
#else
  const dnnl::concat::primitive_desc description(destination, channels, sources, engine, common_attributes());
#endif
  return operator_of<dnnl::concat>(description);
}

Operator softmax(const engine& engine, const memory::desc& source, const memory::desc& destination) {
  constexpr int channels = 1;
#if DNNL_VERSION_MAJOR >= 3
  using Primitive = dnnl::softmax_forward;
#else
  using Primitive = dnnl::softmax_v2_forward;
#endif
  return operator_of<Primitive>(describe<Primitive>(engine, common_attributes(), prop_kind::forward_inference,
                                                    algorithm::softmax_accurate, source, destination,
                                                    channels));
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

std::optional<Blocking> blocking_of(const memory::desc& layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (layout.get_format_kind() != memory::format_kind::blocked) return std::nullopt;
  Blocking blocking{layout.get_strides(), {}};
  const memory::dims dims = layout.get_inner_idxs(), sizes = layout.get_inner_blks();
  for (size_t i = 0; i < dims.size(); ++i)
    blocking.blocks.push_back({static_cast<size_t>(dims[i]), sizes[i]});
#else
  if (layout.data.format_kind != dnnl_blocked) return std::nullopt;
  const dnnl_blocking_desc_t& order = layout.data.format_desc.blocking;
  Blocking blocking{{order.strides, order.strides + layout.data.ndims}, {}};
  for (int i = 0; i < order.inner_nblks; ++i)
    blocking.blocks.push_back({static_cast<size_t>(order.inner_idxs[i]), order.inner_blks[i]});
#endif
  return blocking;
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
  features.vnni = has(dnnl::cpu_isa::avx2_vnni) || has(dnnl::cpu_isa::avx512_core_vnni);
  features.bf16 = has(dnnl::cpu_isa::avx512_core_bf16) || has(dnnl::cpu_isa::avx512_core_amx);
  features.emulated_bf16 = has(dnnl::cpu_isa::avx512_core);
#if DNNL_VERSION_MAJOR >= 3
  features.fp16 = has(dnnl::cpu_isa::avx512_core_fp16);
  features.emulated_bf16 |= has(dnnl::cpu_isa::avx2_vnni_2);
  features.emulated_fp16 = has(dnnl::cpu_isa::avx2_vnni_2);
#endif
  return features;
}

}  // namespace bitsweep::onednn
