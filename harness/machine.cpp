#include "harness/machine.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>

#include "harness/gpus.h"
#include "harness/topology.h"

namespace bitsweep {
namespace {

/// The extensions that decide which kernels an engine may choose.
const std::vector<std::string>& extensions_that_matter() {
  static const std::vector<std::string> names = {
      "sse4_1",      "avx",         "avx2",        "fma",      "f16c",     "avx_vnni", "avx512f", "avx512bw",
      "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16"};
  return names;
}

/// The value of the first line "KEY : VALUE" of /proc/cpuinfo.
std::string cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return line.substr(std::min(line.size(), line.find(':') + 2));
  return "";
}

std::vector<std::string> instruction_sets() {
  std::istringstream flags(cpuinfo("flags"));
  const std::set<std::string> present{std::istream_iterator<std::string>(flags), {}};
  std::vector<std::string> result;
  std::copy_if(extensions_that_matter().begin(), extensions_that_matter().end(), std::back_inserter(result),
               [&](const std::string& name) { return present.count(name) > 0; });
  return result;
}

std::string first_line(const std::string& path, const std::string& otherwise) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && !line.empty() ? line : otherwise;
}

/// Fills what hwloc knows: the core set this process may use, the cores in it.
void inspect_topology(Machine& machine) {
  const Topology topology = load_topology();
  const Bitmap allowed = bitmap_of(process_cores());

  std::vector<char> text(static_cast<size_t>(hwloc_bitmap_list_snprintf(nullptr, 0, allowed.get())) + 1);
  hwloc_bitmap_list_snprintf(text.data(), text.size(), allowed.get());
  machine.core_set = text.data();
  machine.logical_cores = hwloc_bitmap_weight(allowed.get());
  const int cores = hwloc_get_nbobjs_by_type(topology.get(), HWLOC_OBJ_CORE);
  for (int i = 0; i < cores; ++i)
    machine.physical_cores += hwloc_bitmap_intersects(
        hwloc_get_obj_by_type(topology.get(), HWLOC_OBJ_CORE, static_cast<unsigned>(i))->cpuset,
        allowed.get());
}

/// They stay the same while a process lives, and asking starts the driver.
const std::vector<std::string>& gpu_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const Gpu& gpu : inspect_gpus().found) found.push_back(gpu.name);
    return found;
  }();
  return names;
}

}  // namespace

Machine inspect_machine() {
  Machine machine;
  utsname system{};
  uname(&system);
  machine.host = system.nodename;
  machine.kernel = system.release;
  machine.cpu = cpuinfo("model name");
  machine.isa = instruction_sets();
  machine.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "unknown");
  inspect_topology(machine);
  machine.gpus = gpu_names();
  // hwloc knew 14.5 GiB of a virtual machine's 256.
  machine.memory_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return machine;
}

std::string machine_class(const Machine& machine) {
  constexpr int64_t gib = int64_t{1} << 30;
  const std::string text =
      fmt::format("{}|{}|{}|{}|{}", machine.cpu, fmt::join(machine.isa, " "), machine.physical_cores,
                  fmt::join(machine.gpus, "|"), (machine.memory_bytes + gib / 2) / gib);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size())).substr(0, 12);
}

void to_json(nlohmann::json& json, const Machine& machine) {
  json = {{"host", machine.host},
          {"cpu", machine.cpu},
          {"isa", machine.isa},
          {"physical_cores", machine.physical_cores},
          {"logical_cores", machine.logical_cores},
          {"core_set", machine.core_set},
          {"memory_bytes", machine.memory_bytes},
          {"gpus", machine.gpus},
          {"kernel", machine.kernel},
          {"governor", machine.governor}};
}

void from_json(const nlohmann::json& json, Machine& machine) {
  json.at("host").get_to(machine.host);
  json.at("cpu").get_to(machine.cpu);
  json.at("isa").get_to(machine.isa);
  json.at("physical_cores").get_to(machine.physical_cores);
  json.at("logical_cores").get_to(machine.logical_cores);
  json.at("core_set").get_to(machine.core_set);
  json.at("memory_bytes").get_to(machine.memory_bytes);
  json.at("gpus").get_to(machine.gpus);
  json.at("kernel").get_to(machine.kernel);
  json.at("governor").get_to(machine.governor);
}

}  // namespace bitsweep
