// What around a measurement disturbs it on this node, and what to do about each.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/gpus.h"

namespace bitsweep {

struct Surrounding {
  std::string name;
  std::string value;   ///< as read, or "unknown" where the machine hides it
  bool fine = false;   ///< known, and does not disturb
  std::string advice;  ///< one sentence: what it means and what to do; empty where fine
};

void to_json(nlohmann::json& json, const Surrounding& surrounding);

/// Environment variables.
using Environment = std::map<std::string, std::string>;

/// Those of this process.
Environment this_environment();

/// Reads proc/ and sys/ below `root`. Between two readings of what the CPU did it calls `wait`, and counts
/// what other processes used in between.
std::vector<Surrounding> inspect_surroundings(const std::filesystem::path& root,
                                              const Environment& environment,
                                              const std::function<void()>& wait);

/// What of each GPU decides its speed now; of a node without any, why.
std::vector<Surrounding> gpu_surroundings(const Gpus& gpus);

/// Those of this node, its GPUs among them, over half a second.
std::vector<Surrounding> inspect_surroundings();

}  // namespace bitsweep
