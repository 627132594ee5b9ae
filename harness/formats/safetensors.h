// safetensors: 8 bytes of header length, a JSON header, raw little-endian data. Source: the format's page of
// Hugging Face.
#pragma once

#include <map>
#include <string>

#include "harness/network.h"

namespace bitsweep {

/// Tensors by name, and the file's free-text metadata.
struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Throws Error, naming the file, if it is missing, truncated, inconsistent or of a data type other than F32,
/// F16 or BF16. PyTorch's counters *.num_batches_tracked, which are no weights, are passed over.
Checkpoint read_safetensors(const std::string& path);

/// Writes F32. Whatever happens, the path holds the old file or the whole new one. Throws Error if it cannot
/// be written.
void write_safetensors(const std::string& path, const Checkpoint& checkpoint);

/// PyTorch's name of a layer's tensor: "layer1.0.conv1.weight".
std::string tensor_name(const Layer& layer, const std::string& tensor);

/// Layer tensors under PyTorch's names: NAME.weight, NAME.bias; BatchNorm also NAME.running_mean,
/// NAME.running_var. load_weights throws Error if a tensor is missing, unused or of another shape, naming it
/// and both shapes.
Checkpoint checkpoint_of(const Network& network);
void load_weights(Network& network, const Checkpoint& checkpoint, const std::string& path);

}  // namespace bitsweep
