// The steps of a session, and what building them needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/onednn/adapter.h"
#include "backends/onednn/arena.h"
#include "harness/backend.h"

namespace bitsweep::onednn {

/// One primitive with all its arguments.
struct Step {
  dnnl::primitive primitive;
  Arguments arguments;
  LayerRecord record;             ///< without its time
  std::optional<size_t> completes;  ///< the layer whose output is there after this step
};

/// What a layer gives: where it lies, and for integers the scale, real value = scale × integer.
struct Value {
  dnnl::memory memory;
  float scale = 1;
};

struct Steps {
  explicit Steps(const dnnl::engine& engine) : arena(engine) {}

  std::vector<dnnl::memory> inputs;  ///< views of the user's input; their handles are set at each inference
  dnnl::memory output;               ///< the user's, likewise
  std::vector<Step> steps;
  std::vector<Value> values;      ///< of each layer
  int64_t weight_bytes = 0;
  Arena arena;                       ///< holds the activations
};

/// Chooses primitives and layouts, packs the weights, places the activations.
Steps build_steps(const dnnl::engine& engine, dnnl::stream& stream, const Network& network, const SessionRequest& request);

}  // namespace bitsweep::onednn
