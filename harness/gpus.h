// The GPUs of this node, as their driver tells of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bitsweep {

/// One GPU at one moment; nothing where the card does not tell.
struct Gpu {
  std::string name;
  std::string driver;  ///< version
  std::optional<int64_t> memory_bytes, memory_used_bytes;
  std::optional<int> clock_mhz, most_clock_mhz;  ///< of the multiprocessors
  std::optional<int> memory_clock_mhz;
  std::optional<int> temperature_celsius;
  std::optional<double> power_w, power_limit_w;
  std::optional<double> energy_j;           ///< since the driver was loaded
  std::optional<int> processes;             ///< that compute on it
  std::optional<bool> persistent;           ///< the driver stays loaded between programs
  std::vector<std::string> throttled = {};  ///< why its clock is lower than it could be; idleness is none
};

void to_json(nlohmann::json& json, const Gpu& gpu);

struct Gpus {
  std::vector<Gpu> found;
  std::string why_none;  ///< in words; empty if some were found
};

/// What NVIDIA's driver brings.
inline constexpr const char* nvml_library = "libnvidia-ml.so.1";

/// Asks NVML, NVIDIA's management library, which comes with the driver and is loaded by this name each time:
/// a node without a driver has no GPUs, and nothing fails.
/// Source of names and numbers: NVIDIA, NVML API Reference Guide, version 13.
Gpus inspect_gpus(const std::string& library = nvml_library);

/// The GPU of that name; nothing where there is none, or several, which cannot be told apart.
std::optional<Gpu> only_gpu_named(const std::string& name, const std::string& library = nvml_library);

/// What holds its clock down but for its power limit, which heavy work reaches by itself.
std::vector<std::string> disturbing_throttles(const Gpu& gpu);

}  // namespace bitsweep
