#include "backends/training_state.h"

#include <charconv>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/safetensors.h"

namespace bitsweep {
namespace {

constexpr std::string_view velocity_prefix = "velocity/";

int epochs_in(const std::string& path, const Checkpoint& checkpoint) {
  const auto found = checkpoint.metadata.find("epochs_done");
  int epochs = 0;
  if (found != checkpoint.metadata.end()) {
    const std::string& text = found->second;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), epochs);
    if (fault == std::errc() && end == text.data() + text.size() && epochs > 0) return epochs;
  }
  throw Error(
      fmt::format("{}: does not say how many epochs are done; right is the state of a training", path));
}

}  // namespace

void write_state(const std::string& path, const TrainingState& state, const std::string& command) {
  Checkpoint checkpoint = checkpoint_of(state.network);
  for (const auto& [name, velocity] : state.velocity)
    checkpoint.tensors.emplace(fmt::format("{}{}", velocity_prefix, name), velocity);
  checkpoint.metadata = {{"command", command}, {"epochs_done", std::to_string(state.epochs_done)}};
  write_safetensors(path, checkpoint);
}

void read_state(const std::string& path, TrainingState& state, const std::string& command) {
  Checkpoint checkpoint = read_safetensors(path);
  const auto written_by = checkpoint.metadata.find("command");
  if (written_by == checkpoint.metadata.end() || written_by->second != command)
    throw Error(fmt::format(
        "{}: holds an unfinished training by another command:\n  {}\nright is that command, or --new", path,
        written_by == checkpoint.metadata.end() ? "(none)" : written_by->second));
  const int epochs_done = epochs_in(path, checkpoint);
  std::map<std::string, Tensor> velocity;
  for (auto entry = checkpoint.tensors.begin(); entry != checkpoint.tensors.end();) {
    if (!entry->first.starts_with(velocity_prefix)) {
      ++entry;
      continue;
    }
    velocity.emplace(entry->first.substr(velocity_prefix.size()), std::move(entry->second));
    entry = checkpoint.tensors.erase(entry);
  }
  load_weights(state.network, checkpoint, path);
  for (const Layer& layer : state.network.layers())
    for_each_tensor(layer.operation, [&](const char* what, const Tensor& tensor, bool trainable) {
      if (!trainable) return;
      const auto found = velocity.find(tensor_name(layer, what));
      if (found == velocity.end() || found->second.values.size() != tensor.values.size())
        throw Error(
            fmt::format("{}: lacks the velocity of '{}'; right is the state of this training, or --new", path,
                        tensor_name(layer, what)));
    });
  state.velocity = std::move(velocity);
  state.epochs_done = epochs_done;
}

}  // namespace bitsweep
