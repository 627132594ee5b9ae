// From a network to steps on the GPU.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "backends/cuda/images.h"
#include "harness/backend.h"

namespace bitsweep::cuda {

/// Where all that steps touch lies, on the device.
struct Addresses {
  std::vector<std::byte*> buffers;
  std::vector<std::byte*> constants;
  std::byte* workspace = nullptr;
};

struct Step {
  LayerRecord record;           ///< without time
  std::optional<size_t> layer;  ///< of the network, whose output is there after this step
  std::vector<size_t> reads;    ///< buffers
  size_t writes = 0;            ///< a buffer
  /// Puts it into the stream.
  std::function<void(const Addresses&, cudaStream_t)> run;
  /// Of a step that may run beside the next ones: the first that needs it. Several never overlap.
  std::optional<size_t> joined_by = {};
};

/// The output of a layer. Of a flattened image it is the image: who reads it knows the order.
struct Value {
  size_t buffer = 0;
  Images images;
  Number number = Number::fp32;
};

struct Plan {
  Number number = Number::fp32;
  std::vector<Step> steps;
  std::vector<size_t> buffers;                    ///< bytes; the first is the caller's input, fp32
  size_t output = 0;                              ///< the buffer of the caller's output, fp32
  std::vector<Value> values;                      ///< of each layer of the network
  std::vector<std::vector<std::byte>> constants;  ///< weights and biases, packed, on the host
  int64_t weights = 0, zero_weights = 0;          ///< numbers of all packed weights, padding included
  size_t workspace_bytes = 0;  ///< of the step that needs most; those beside others have one of their own
};

/// Chooses a plan for each layer with weights. Throws Error if there is none.
Plan make_plan(const Network& network, const SessionRequest& request);

}  // namespace bitsweep::cuda
