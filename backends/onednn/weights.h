// Weights in the layout and precision that a primitive asks for: packed once, kept by the session.
#pragma once

#include <vector>

#include "backends/onednn/adapter.h"
#include "harness/network.h"

namespace bitsweep::onednn {

/// The dimensions in which the engine sees weights [out, in / groups, ...]; [groups, out / groups, in /
/// groups, ...] for groups > 1.
memory::dims weight_dims(const Tensor& weights, int64_t groups);

/// Weights of a session's precision, before packing.
class Weights {
 public:
  /// `type`: f32, bf16 and f16 keep fp32 values until packing; s8 quantises per output channel to ±`largest`.
  Weights(const Tensor& weights, memory::dims dims, memory::data_type type, int largest);

  /// Of each output channel; empty unless s8.
  const std::vector<float>& scales() const { return scales_; }

  /// A copy in the engine's layout and type.
  memory pack(const dnnl::engine& engine, const memory::desc& layout) const;

 private:
  const Tensor& weights_;
  memory::dims dims_;
  std::vector<int8_t> quantized_;
  std::vector<float> scales_;
};

memory pack_bias(const dnnl::engine& engine, const std::vector<float>& bias);

}  // namespace bitsweep::onednn
