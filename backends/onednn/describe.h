// How a primitive is described: the two generations of oneDNN behind one call. Only for the adapter's files.
#pragma once

#include <utility>
#include <vector>

#include "backends/onednn/adapter.h"

namespace bitsweep::onednn {

constexpr bool generation_3 = DNNL_VERSION_MAJOR >= 3;

/// Strict FP32 whatever the environment says, and no memory that the library manages behind our back.
inline dnnl::primitive_attr common_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// Generation 2 makes an operation descriptor first, generation 3 takes its arguments directly.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, arguments..., attributes);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(arguments...), attributes, engine);
#endif
}

/// The same for a backward pass, which refers to its forward pass.
template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Forward& forward,
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
  using dnnl::query;
  return {Primitive(description),
          description.impl_info_str(),
          description.query_md(query::src_md, 0),
          description.query_md(query::weights_md, 0),
          description.query_md(query::dst_md, 0),
          description.query_md(query::scratchpad_md, 0),
          std::move(scales)};
}

}  // namespace bitsweep::onednn
