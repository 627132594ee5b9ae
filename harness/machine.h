// What decides speed on this node, and what else a reader must know about it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bitsweep {

struct Machine {
  std::string host;
  std::string cpu;  ///< model name
  std::vector<std::string>
      isa;  ///< the vector extensions that matter: avx2, avx512f, avx512_vnni, avx512_bf16, amx_int8, ...
  int physical_cores = 0;  ///< in this process's core set
  int logical_cores = 0;   ///< in this process's core set
  std::string core_set;    ///< e.g. "0-1"
  int64_t memory_bytes = 0;
  std::vector<std::string> gpus;  ///< model names
  std::string kernel;
  std::string governor;  ///< cpufreq governor, or "unknown" where the machine hides it

  bool operator==(const Machine&) const = default;
};

/// Looks at this node through hwloc, /proc and /sys.
Machine inspect_machine();

/// 12 hexadecimal digits over what decides speed: CPU model, ISA, number of cores, GPUs, memory in GiB. Not
/// the host.
std::string machine_class(const Machine& machine);

void to_json(nlohmann::json& json, const Machine& machine);
void from_json(const nlohmann::json& json, Machine& machine);

}  // namespace bitsweep
