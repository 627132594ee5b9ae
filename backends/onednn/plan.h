// A network as a list of oneDNN primitives, decided once for a precision, a batch and a number of threads.
#pragma once

#include <cstddef>
#include <vector>

#include "backends/onednn/adapter.h"
#include "harness/backend.h"

namespace bitsweep::onednn {

/// Who owns a buffer: the session's arena, or the caller of infer().
enum class Storage { arena, input, output };

struct Buffer {
  size_t bytes = 0;
  Storage storage = Storage::arena;
};

/// An activation: how it is stored, and in which buffer of the plan.
struct Value {
  Operand stored;
  size_t buffer = 0;
};

/// An activation as argument DNNL_ARG_... of a primitive.
struct Argument {
  int name = 0;
  Value value;
};

struct Step {
  LayerRecord record;  ///< all but the time
  Operator executed;
  std::vector<Argument> activations;
  std::vector<BoundMemory> constants;  ///< weights and bias
};

/// The output of a layer can be seen once `steps` steps were executed, until a later one overwrites it.
struct Observation {
  Value value;
  size_t steps = 0;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Buffer> buffers;
  std::vector<Observation> observations;  ///< index as in the network
};

/// Throws Error, naming the layer, if oneDNN refuses it.
Plan make_plan(const dnnl::engine& engine, const Network& network, const SessionRequest& request);

}  // namespace bitsweep::onednn
