#include "harness/cli/any_model.h"

#include "harness/formats/safetensors.h"
#include "harness/models/models.h"

namespace bitsweep {

void define_model(CLI::App& verb, ModelOptions& options) {
  verb.add_option("model", options.model, "See `bitsweep list models`, or a file ending in .onnx")
      ->required();
  verb.add_option("--checkpoint", options.checkpoint, "Weights to load (safetensors)");
  verb.add_option("--seed", options.seed, "Of seeded weights")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
}

Network open_model(const ModelOptions& options) {
  Network network = build_model(options.model, options.seed);
  if (!options.checkpoint.empty())
    load_weights(network, read_safetensors(options.checkpoint), options.checkpoint);
  return network;
}

}  // namespace bitsweep
