// A network named on the command line: an entry of the table of models, or an ONNX file.
#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "harness/network.h"

namespace bitsweep {

struct ModelOptions {
  std::string model;
  std::string checkpoint;  ///< a safetensors file; empty for seeded weights, or those of the ONNX file
  int64_t seed = 1;
};

/// Adds the positional MODEL, --checkpoint and --seed.
void define_model(CLI::App& verb, ModelOptions& options);

/// The training form, with its weights.
Network open_model(const ModelOptions& options);

}  // namespace bitsweep
