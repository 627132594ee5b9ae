#include "harness/models/models.h"

#include <filesystem>

#include <fmt/format.h>

#include "harness/formats/onnx.h"
#include "harness/models/families.h"
#include "harness/table.h"

namespace bitsweep {

const std::vector<Model>& models() {
  static const std::vector<Model> table = [] {
    std::vector<Model> all;
    for (const auto family : {mlp_models, resnet_models, cifar_resnet_models, vgg_models, cifar_vgg_models})
      for (Model& model : family()) all.push_back(std::move(model));
    return all;
  }();
  return table;
}

Build find_model(std::string_view text) {
  if (text.ends_with(".onnx")) {
    if (!std::filesystem::exists(text))
      throw Error(fmt::format(
          "model '{}': there is no such file; right is a path from where bitsweep is started", text));
    return [path = std::string(text)](int64_t) { return read_onnx(path); };
  }
  const size_t colon = text.find(':');
  const Model& model = pick(models(), "model", text.substr(0, colon));
  if (colon == text.npos) return model.configure(model.usual_argument);
  if (model.usual_argument.empty())
    throw Error(fmt::format("model '{}': {} takes no argument; right is {}", text, model.name, model.name));
  try {
    return model.configure(std::string(text.substr(colon + 1)));
  } catch (const Error& error) {
    throw Error(fmt::format("model '{}': {}", text, error.what()));
  }
}

Network build_model(std::string_view text, int64_t seed) {
  return find_model(text)(seed);
}

}  // namespace bitsweep
