#include "backends/onednn/adapter.h"

#include <fmt/format.h>

namespace bitsweep::onednn {
namespace {

using dnnl::memory;
using dnnl::primitive_attr;

memory::dims dims(const std::array<int64_t, 2>& pair) { return {pair[0], pair[1]}; }

/// oneDNN counts dilation from 0.
memory::dims dilation(const Window& window) { return {window.dilation[0] - 1, window.dilation[1] - 1}; }

void append_relu(dnnl::post_ops& operations) {
#if DNNL_VERSION_MAJOR >= 3
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
  operations.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
}

primitive_attr strict_attributes() {
  primitive_attr attributes;
  attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
  return attributes;
}

#if DNNL_VERSION_MAJOR >= 3
memory scale_memory(const dnnl::engine& engine, const std::vector<float>& scales) {
  memory result({{static_cast<int64_t>(scales.size())}, memory::data_type::f32, memory::format_tag::x}, engine);
  std::copy(scales.begin(), scales.end(), static_cast<float*>(result.get_data_handle()));
  return result;
}
#endif

/// Attributes of a layer with weights. `channel_mask`: the bit of the output channel in the weights' dimensions.
primitive_attr attributes_of(const Epilogue& epilogue, [[maybe_unused]] int channel_mask) {
  primitive_attr attributes = strict_attributes();
  float sum_scale = epilogue.shortcut ? epilogue.shortcut->scale : 1;
  if (epilogue.scales) {
    const Scales& scales = *epilogue.scales;
#if DNNL_VERSION_MAJOR >= 3
    attributes.set_scales_mask(DNNL_ARG_SRC, 0);
    attributes.set_scales_mask(DNNL_ARG_WEIGHTS, channel_mask);
    if (scales.destination != 1) attributes.set_scales_mask(DNNL_ARG_DST, 0);
#else
    std::vector<float> output;
    for (const float weight : scales.weights) output.push_back(scales.source * weight / scales.destination);
    attributes.set_output_scales(1 << 1, output);
    sum_scale /= scales.destination;
#endif
  }
  dnnl::post_ops operations;
  if (epilogue.shortcut) {
#if DNNL_VERSION_MAJOR >= 3
    operations.append_sum(sum_scale, 0, epilogue.shortcut->type);
#else
    operations.append_sum(sum_scale, epilogue.shortcut->type);
#endif
  }
  if (epilogue.relu) append_relu(operations);
  attributes.set_post_ops(operations);
  return attributes;
}

/// The arguments that carry the scales.
Arguments scale_arguments([[maybe_unused]] const dnnl::engine& engine, [[maybe_unused]] const Epilogue& epilogue) {
  Arguments arguments;
#if DNNL_VERSION_MAJOR >= 3
  if (epilogue.scales) {
    arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, scale_memory(engine, {epilogue.scales->source}));
    arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, scale_memory(engine, epilogue.scales->weights));
    if (epilogue.scales->destination != 1)
      arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_DST, scale_memory(engine, {epilogue.scales->destination}));
  }
#endif
  return arguments;
}

template <class Primitive, class Description>
Kernel weighted_kernel(const Description& description, Arguments arguments) {
  return {Primitive(description),         description.src_desc(), description.weights_desc(),  description.bias_desc(),
          description.dst_desc(), std::move(arguments),   description.impl_info_str()};
}

template <class Primitive, class Description>
Kernel plain_kernel(const Description& description, Arguments arguments = {}) {
  return {Primitive(description), description.src_desc(), {}, {}, description.dst_desc(), std::move(arguments), description.impl_info_str()};
}

}  // namespace

Kernel convolution(const dnnl::engine& engine, const memory::desc& source, const memory::desc& weights, const memory::desc& bias,
                   const memory::desc& destination, const Window& window, const Epilogue& epilogue) {
  using Forward = dnnl::convolution_forward;
#if DNNL_VERSION_MAJOR >= 3
  const bool grouped = weights.get_ndims() == 5;
  // The mask's bits are dimensions of the weights: [groups, out, ...] or [out, ...].
  const Forward::primitive_desc description(engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
                                            weights, bias, destination, dims(window.stride), dilation(window),
                                            dims(window.padding_begin), dims(window.padding_end),
                                            attributes_of(epilogue, grouped ? 3 : 1));
#else
  const Forward::desc operation(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source, weights, bias,
                                destination, dims(window.stride), dilation(window), dims(window.padding_begin),
                                dims(window.padding_end));
  const Forward::primitive_desc description(operation, attributes_of(epilogue, 1), engine);
#endif
  return weighted_kernel<Forward>(description, scale_arguments(engine, epilogue));
}

Kernel inner_product(const dnnl::engine& engine, const memory::desc& source, const memory::desc& weights, const memory::desc& bias,
                     const memory::desc& destination, const Epilogue& epilogue) {
  using Forward = dnnl::inner_product_forward;
#if DNNL_VERSION_MAJOR >= 3
  const Forward::primitive_desc description(engine, dnnl::prop_kind::forward_inference, source, weights, bias, destination,
                                            attributes_of(epilogue, 1));
#else
  const Forward::desc operation(dnnl::prop_kind::forward_inference, source, weights, bias, destination);
  const Forward::primitive_desc description(operation, attributes_of(epilogue, 1), engine);
#endif
  return weighted_kernel<Forward>(description, scale_arguments(engine, epilogue));
}

Kernel pooling(const dnnl::engine& engine, dnnl::algorithm algorithm, const memory::desc& source, const memory::desc& destination,
               const Window& window) {
  const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  using Forward = dnnl::pooling_forward;
  const Forward::primitive_desc description(engine, kind, algorithm, source, destination, dims(window.stride), dims(window.kernel),
                                            dilation(window), dims(window.padding_begin), dims(window.padding_end), strict_attributes());
  return plain_kernel<Forward>(description);
#else
  if (window.dilation == std::array<int64_t, 2>{1, 1}) {  // the undilated primitive has the faster implementations
    using Forward = dnnl::pooling_forward;
    const Forward::desc operation(kind, algorithm, source, destination, dims(window.stride), dims(window.kernel),
                                  dims(window.padding_begin), dims(window.padding_end));
    return plain_kernel<Forward>(Forward::primitive_desc(operation, engine));
  }
  using Forward = dnnl::pooling_v2_forward;
  const Forward::desc operation(kind, algorithm, source, destination, dims(window.stride), dims(window.kernel), dilation(window),
                                dims(window.padding_begin), dims(window.padding_end));
  return plain_kernel<Forward>(Forward::primitive_desc(operation, engine));
#endif
}

Kernel addition(const dnnl::engine& engine, const memory::desc& a, const memory::desc& b, const memory::desc& destination, float scale_a,
                float scale_b, bool relu) {
  primitive_attr attributes = strict_attributes();
  dnnl::post_ops operations;
  if (relu) append_relu(operations);
  attributes.set_post_ops(operations);
  Arguments arguments;
#if DNNL_VERSION_MAJOR >= 3
  if (scale_a != 1 || scale_b != 1) {
    attributes.set_scales_mask(DNNL_ARG_SRC_0, 0);
    attributes.set_scales_mask(DNNL_ARG_SRC_1, 0);
    arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC_0, scale_memory(engine, {scale_a}));
    arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC_1, scale_memory(engine, {scale_b}));
  }
  const dnnl::binary::primitive_desc description(engine, dnnl::algorithm::binary_add, a, b, destination, attributes);
#else
  if (scale_a != 1 || scale_b != 1) {
    attributes.set_scales(DNNL_ARG_SRC_0, 0, {scale_a});
    attributes.set_scales(DNNL_ARG_SRC_1, 0, {scale_b});
  }
  const dnnl::binary::desc operation(dnnl::algorithm::binary_add, a, b, destination);
  const dnnl::binary::primitive_desc description(operation, attributes, engine);
#endif
  return plain_kernel<dnnl::binary>(description, std::move(arguments));
}

Kernel relu(const dnnl::engine& engine, const memory::desc& source, const memory::desc& destination) {
  using Forward = dnnl::eltwise_forward;
#if DNNL_VERSION_MAJOR >= 3
  const Forward::primitive_desc description(engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_relu, source,
                                            destination, 0.0F, 0.0F, strict_attributes());
#else
  static_cast<void>(destination);  // generation 2 writes the source's layout
  const Forward::desc operation(dnnl::prop_kind::forward_inference, dnnl::algorithm::eltwise_relu, source, 0, 0);
  const Forward::primitive_desc description(operation, strict_attributes(), engine);
#endif
  return plain_kernel<Forward>(description);
}

Kernel reorder(const dnnl::engine& engine, const memory::desc& source, const memory::desc& destination, float scale) {
  primitive_attr attributes;
  Arguments arguments;
  if (scale != 1) {
#if DNNL_VERSION_MAJOR >= 3
    attributes.set_scales_mask(DNNL_ARG_SRC, 0);
    arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, scale_memory(engine, {scale}));
#else
    attributes.set_output_scales(0, {scale});
#endif
  }
  const dnnl::reorder::primitive_desc description(engine, source, engine, destination, attributes);
  return {dnnl::reorder(description), source, {}, {}, destination, std::move(arguments), description.impl_info_str()};
}

std::vector<float> bias_values(const Tensor& bias, const Epilogue& epilogue) {
  std::vector<float> values = bias.values;
#if DNNL_VERSION_MAJOR < 3
  if (epilogue.scales)
    for (size_t i = 0; i < values.size(); ++i) values[i] /= epilogue.scales->source * epilogue.scales->weights[i];
#else
  static_cast<void>(epilogue);
#endif
  return values;
}

std::string version() {
  const dnnl_version_t* loaded = dnnl_version();
  return fmt::format("{}.{}.{}", loaded->major, loaded->minor, loaded->patch);
}

}  // namespace bitsweep::onednn
