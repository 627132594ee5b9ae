// Where the weights of a network come from.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bitsweep {

/// Throws Error unless the text is "auto", "seeded" or a file ending in .safetensors.
void check_checkpoint(std::string_view text);

/// The file that `checkpoint` means for a model and a data set; empty where the model's own weights are
/// taken: seeded ones, or those of its ONNX file.
///   model       as find_model() takes it
///   checkpoint  "auto": the file that ships for both, if there is one; "seeded": none; else the file itself
std::filesystem::path checkpoint_file(const std::string& model, const std::string& dataset,
                                      const std::string& checkpoint);

}  // namespace bitsweep
