// The zoo: one file a family, one table, one door.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/network.h"

namespace bitsweep {

/// Gives a network in its training form (BatchNorm apart, see fuse()) with seeded weights: equal seeds give
/// equal networks, whatever the number of threads.
using Build = std::function<Network(int64_t seed)>;

/// A row of the table of models. Experiments write NAME, or NAME:ARGUMENT where a model takes an argument.
struct Model {
  std::string name;
  std::string meaning;
  std::string usual_argument;  ///< where none is written; empty: the model takes none
  /// Reads the argument and gives what builds the network; costs nothing. Throws Error with what would be
  /// right.
  std::function<Build(const std::string& argument)> configure;
};

const std::vector<Model>& models();

/// What builds the network that an experiment calls `text`, e.g. "resnet18" or "mlp:784-512-10". Throws Error
/// with what would be right, so calling it is also how a text is checked.
Build find_model(std::string_view text);

/// Builds it.
Network build_model(std::string_view text, int64_t seed);

}  // namespace bitsweep
