// oneDNN of generation 2 (Debian 12: 2.6) and 3 (Debian 13: 3.7) behind one face, written in terms of
// generation 3: scales belong to tensors, biases are real numbers. Only adapter.cpp, describe.h and
// training_passes.cpp know which one it is.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "harness/network.h"

namespace bitsweep::onednn {

using dnnl::memory;

/// How numbers are stored: value ≈ scale * stored. The scale is 1 for floating point.
struct NumberFormat {
  memory::data_type type = memory::data_type::f32;
  float scale = 1;

  bool operator==(const NumberFormat&) const = default;
};

/// An argument of a primitive: DNNL_ARG_... and what it stands for.
using BoundMemory = std::pair<int, memory>;

/// A primitive, its evidence, and the layouts the engine chose.
struct Operator {
  dnnl::primitive primitive;
  std::string implementation;  ///< as the engine names it
  memory::desc source, weights, destination, scratchpad;
  std::vector<BoundMemory> scales;  ///< arguments to be passed at each execution (generation 3)
};

/// The tensors of a layer with weights; a layout may be left to the engine (format_tag::any).
struct WeightedTensors {
  memory::desc source, weights, bias, destination;
};

/// Windows in oneDNN's convention: dilation 0 is dense.
struct Geometry {
  memory::dims kernel, strides, dilation, padding_begin, padding_end;
};

/// What a layer with weights does besides the product:
///   value = activation(product + bias + shortcut), stored in the format of the destination.
struct Fusion {
  NumberFormat source, destination;
  std::vector<float> weight_scales;  ///< [out] for int8, else empty
  Activation activation;
  std::optional<NumberFormat> shortcut;  ///< the destination's buffer holds it, in this format, beforehand
};

Operator convolution(const dnnl::engine& engine, const WeightedTensors& tensors, const Geometry& geometry,
                     const Fusion& fusion);
Operator inner_product(const dnnl::engine& engine, const WeightedTensors& tensors, const Fusion& fusion);

/// The bias as the engine wants it: real numbers in generation 3, numbers of the accumulator's scale in
/// generation 2.
std::vector<float> engine_bias(std::vector<float> bias, const Fusion& fusion);

/// The pooled value times `rescale`, stored in the type of `destination`.
Operator pooling(const dnnl::engine& engine, dnnl::algorithm kind, const memory::desc& source,
                 const memory::desc& destination, const Geometry& geometry, float rescale);

/// The primitives that compute an activation one after the other, from `layout` to `layout`: one, but two
/// for a hard sigmoid.
std::vector<Operator> activation(const dnnl::engine& engine, const Activation& activation,
                                 const memory::desc& layout);

/// activation(first + second) and first * second; arguments DNNL_ARG_SRC_0, DNNL_ARG_SRC_1, DNNL_ARG_DST. The
/// second factor may have one value a channel.
struct Operand {
  memory::desc layout;
  NumberFormat format;
};
Operator addition(const dnnl::engine& engine, const Operand& first, const Operand& second,
                  const Operand& destination, const Activation& activation);
Operator product(const dnnl::engine& engine, const Operand& first, const Operand& second,
                 const Operand& destination);

/// Along dimension 1; arguments DNNL_ARG_MULTIPLE_SRC + i, DNNL_ARG_DST. All are in one number format.
Operator concatenation(const dnnl::engine& engine, const std::vector<memory::desc>& sources,
                       const memory::desc& destination);

/// Over dimension 1.
Operator softmax(const dnnl::engine& engine, const memory::desc& source, const memory::desc& destination);

/// Changes layout and number format.
Operator reorder(const dnnl::engine& engine, const Operand& from, const Operand& to);

memory::data_type data_type_of(const memory::desc& layout);
memory::dims dims_of(const memory::desc& layout);

/// How a layout orders its elements: whole blocks by strides, then the blocks themselves, the last innermost.
struct Blocking {
  struct Block {
    size_t dim = 0;
    memory::dim size = 1;
  };
  memory::dims strides;  ///< of each dimension, between blocks
  std::vector<Block> blocks;
};

/// Nothing where the layout is known to the engine only, or left to it.
std::optional<Blocking> blocking_of(const memory::desc& layout);

/// The library that runs, not the headers: "2.6.3".
std::string library_version();

/// Instructions that decide what the engine has kernels for, as the engine sees this CPU (ONEDNN_MAX_CPU_ISA
/// included).
struct EngineFeatures {
  bool int8 = false;  ///< AVX2 at least
  bool vnni = false;  ///< int8 products are added in 32 bits; without, two of them in 16, which saturates
  bool bf16 = false;  ///< AVX-512 BF16 or AMX: not emulated
  bool fp16 = false;  ///< AVX-512 FP16, and a generation that uses it
  /// Kernels that convert to fp32 and compute in it: bf16 on any AVX-512, both on AVX2 with AVX-NE-CONVERT
  /// (generation 3). With less, oneDNN refuses the types, its reference code included.
  bool emulated_bf16 = false;
  bool emulated_fp16 = false;
};
EngineFeatures engine_features();

}  // namespace bitsweep::onednn
