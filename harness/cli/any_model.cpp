#include "harness/cli/any_model.h"

#include <fmt/format.h>

#include "harness/checkpoints.h"
#include "harness/datasets/datasets.h"
#include "harness/formats/safetensors.h"
#include "harness/models/models.h"
#include "harness/table.h"

namespace bitsweep {

void define_model(CLI::App& verb, ModelOptions& options, const std::string& dataset_meaning) {
  verb.add_option("model", options.model, "See `bitsweep list models`, or a file ending in .onnx")
      ->required();
  verb.add_option("--dataset", options.dataset, dataset_meaning)->capture_default_str();
  verb.add_option("--checkpoint", options.checkpoint,
                  "Weights: auto (the checkpoint that ships for model and dataset, else the model's own), "
                  "seeded, or a file ending in .safetensors")
      ->capture_default_str();
  verb.add_option("--seed", options.seed, "Of seeded weights")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
}

OpenedModel open_model(const ModelOptions& options) {
  pick(datasets(), "dataset", options.dataset);
  check_checkpoint(options.checkpoint);
  OpenedModel opened{build_model(options.model, options.seed), {}, {}};
  const auto file = checkpoint_file(options.model, options.dataset, options.checkpoint);
  if (!file.empty()) {
    Checkpoint checkpoint = read_safetensors(file);
    load_weights(opened.network, checkpoint, file);
    opened.weights = file.filename().string();
    opened.metadata = std::move(checkpoint.metadata);
  } else if (options.model.ends_with(".onnx")) {
    opened.weights = std::filesystem::path(options.model).filename().string();
  } else {
    opened.weights = fmt::format("seeded, seed {}", options.seed);
  }
  return opened;
}

}  // namespace bitsweep
