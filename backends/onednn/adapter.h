// oneDNN as its generation 3 has it; adapter.cpp is the only file that knows that generation 2 (Debian 12) differs.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "harness/network.h"

namespace bitsweep::onednn {

using Arguments = std::unordered_map<int, dnnl::memory>;

/// Scales of an int8 layer: real value = scale × integer.
struct Scales {
  float source = 1;
  std::vector<float> weights;  ///< an output channel each
  float destination = 1;       ///< 1 if the destination is fp32
};

/// The shortcut that lies in the destination buffer before the layer writes it.
struct Shortcut {
  float scale = 1;  ///< real value = scale × stored value
  dnnl::memory::data_type type = dnnl::memory::data_type::f32;
};

/// What a layer does to its sums before it stores them: + bias, + shortcut, relu, in this order.
struct Epilogue {
  std::optional<Shortcut> shortcut;
  bool relu = false;
  std::optional<Scales> scales;  ///< int8 only
};

/// A primitive, the layouts it wants, and the arguments that belong to it rather than to its data.
struct Kernel {
  dnnl::primitive primitive;
  dnnl::memory::desc source, weights, bias, destination;
  Arguments arguments;  ///< generation 3: the scales
  std::string implementation;
};

/// Forward inference. Descriptions may have format_tag::any. Arithmetic of fp32 layers is strictly fp32.
Kernel convolution(const dnnl::engine& engine, const dnnl::memory::desc& source, const dnnl::memory::desc& weights,
                   const dnnl::memory::desc& bias, const dnnl::memory::desc& destination, const Window& window,
                   const Epilogue& epilogue);
Kernel inner_product(const dnnl::engine& engine, const dnnl::memory::desc& source, const dnnl::memory::desc& weights,
                     const dnnl::memory::desc& bias, const dnnl::memory::desc& destination, const Epilogue& epilogue);
Kernel pooling(const dnnl::engine& engine, dnnl::algorithm algorithm, const dnnl::memory::desc& source,
               const dnnl::memory::desc& destination, const Window& window);
/// relu?(scale_a a + scale_b b)
Kernel addition(const dnnl::engine& engine, const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                const dnnl::memory::desc& destination, float scale_a, float scale_b, bool relu);
Kernel relu(const dnnl::engine& engine, const dnnl::memory::desc& source, const dnnl::memory::desc& destination);
/// destination = scale × source, in another layout or data type; rounds and saturates.
Kernel reorder(const dnnl::engine& engine, const dnnl::memory::desc& source, const dnnl::memory::desc& destination, float scale);

/// The bias as a layer with this epilogue takes it: generation 2 adds it to the integer sums.
std::vector<float> bias_values(const Tensor& bias, const Epilogue& epilogue);

/// Version of the library that is loaded, e.g. "2.6.3".
std::string version();

}  // namespace bitsweep::onednn
