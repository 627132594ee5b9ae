#include "harness/checkpoints.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/places.h"

namespace bitsweep {

void check_checkpoint(std::string_view text) {
  if (text == "auto" || text == "seeded" || text.ends_with(".safetensors")) return;
  throw Error(fmt::format(
      "checkpoint '{}' is not known; right is auto, seeded, or a file ending in .safetensors", text));
}

std::filesystem::path checkpoint_file(const std::string& model, const std::string& dataset,
                                      const std::string& checkpoint) {
  if (checkpoint == "seeded") return {};
  if (checkpoint != "auto") return checkpoint;
  if (model.ends_with(".onnx")) return {};
  std::string name = fmt::format("{}-{}.safetensors", model, dataset);
  std::replace(name.begin(), name.end(), ':', '-');  // of a model's argument; not every file system takes it
  const auto shipped = home() / "experiments" / "checkpoints" / name;
  return std::filesystem::exists(shipped) ? shipped : std::filesystem::path();
}

}  // namespace bitsweep
