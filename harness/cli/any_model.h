// A network named on the command line: an entry of the table of models, or an ONNX file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/network.h"

namespace bitsweep {

struct ModelOptions {
  std::string model;
  std::string dataset = "synthetic";
  std::string checkpoint = "auto";  ///< see checkpoint_file()
  int64_t seed = 1;
};

/// Adds the positional MODEL, --dataset (`dataset_meaning` in its help), --checkpoint and --seed.
void define_model(CLI::App& verb, ModelOptions& options, const std::string& dataset_meaning);

struct OpenedModel {
  Network network;      ///< the training form, with its weights
  std::string weights;  ///< where they come from: "resnet20-cifar10.safetensors", "seeded, seed 1"
  /// What the checkpoint tells about itself, such as the command that trained it; empty without one.
  std::map<std::string, std::string> metadata;
};

/// Throws Error if model, data set or checkpoint are not known, or do not fit each other.
OpenedModel open_model(const ModelOptions& options);

}  // namespace bitsweep
