#include "harness/gpus.h"

#include <array>
#include <memory>

#include <dlfcn.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bitsweep {
namespace {

// What is needed of NVML's binary interface; its header comes with CUDA, which most nodes lack.
using Status = int;    // nvmlReturn_t
using Device = void*;  // nvmlDevice_t
constexpr Status success = 0;
constexpr Status insufficient_size = 7;
constexpr int clock_of_multiprocessors = 1, clock_of_memory = 2;  // nvmlClockType_t
constexpr int sensor_of_the_chip = 0;                             // nvmlTemperatureSensors_t

struct MemoryInfo {  // nvmlMemory_t
  unsigned long long total, free, used;
};

constexpr const char* power_limit = "power limit";

struct ThrottleReason {
  unsigned long long bit;
  const char* words;
};
/// nvmlClocksThrottleReason...; that of idleness (1) is left out.
constexpr std::array<ThrottleReason, 8> throttle_reasons = {{{0x2, "clocks set by an application"},
                                                             {0x4, power_limit},
                                                             {0x8, "hardware slowdown"},
                                                             {0x10, "in step with other GPUs"},
                                                             {0x20, "temperature (software)"},
                                                             {0x40, "temperature (hardware)"},
                                                             {0x80, "power brake of the hardware"},
                                                             {0x100, "display clocks"}}};

/// The loaded library between nvmlInit and nvmlShutdown.
class Nvml {
 public:
  explicit Nvml(const std::string& library) : library_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!library_) {
      why_not_ = fmt::format("no GPU driver ({} cannot be loaded)", library);
      return;
    }
    const auto init = function<Status()>("nvmlInit_v2");
    const Status status = init ? init() : -1;
    if (status != success) why_not_ = fmt::format("the GPU driver does not answer ({})", words(status));
  }
  ~Nvml() {
    const auto shutdown = function<Status()>("nvmlShutdown");
    if (why_not_.empty() && shutdown) shutdown();
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// Empty if it can be asked.
  const std::string& why_not() const { return why_not_; }

  /// Null if this driver has no such function.
  template <class Signature>
  Signature* function(const char* name) const {
    return library_ ? reinterpret_cast<Signature*>(dlsym(library_.get(), name)) : nullptr;
  }

  /// What the function stores behind its other arguments; nothing if it refuses.
  template <class Value, class... Arguments>
  std::optional<Value> value(const char* name, Arguments... arguments) const {
    Value value{};
    const auto call = function<Status(Arguments..., Value*)>(name);
    return call && call(arguments..., &value) == success ? std::optional(value) : std::nullopt;
  }

 private:
  std::string words(Status status) const {
    const auto text = function<const char*(Status)>("nvmlErrorString");
    return text && status > 0 ? text(status) : fmt::format("error {}", status);
  }

  struct Close {
    void operator()(void* library) const { dlclose(library); }
  };
  std::unique_ptr<void, Close> library_;
  std::string why_not_;
};

template <class To, class From>
std::optional<To> converted(const std::optional<From>& value, double factor = 1) {
  return value ? std::optional(static_cast<To>(static_cast<double>(*value) * factor)) : std::nullopt;
}

std::string name_of(const Nvml& nvml, Device device) {
  std::array<char, 96> text{};
  const auto call = nvml.function<Status(Device, char*, unsigned)>("nvmlDeviceGetName");
  return call && call(device, text.data(), text.size()) == success ? text.data() : "unknown GPU";
}

std::string driver_version(const Nvml& nvml) {
  std::array<char, 80> text{};
  const auto call = nvml.function<Status(char*, unsigned)>("nvmlSystemGetDriverVersion");
  return call && call(text.data(), text.size()) == success ? text.data() : "unknown";
}

/// Only counted, so no room for them is given.
std::optional<int> processes_on(const Nvml& nvml, Device device) {
  unsigned count = 0;
  const auto call =
      nvml.function<Status(Device, unsigned*, void*)>("nvmlDeviceGetComputeRunningProcesses_v3");
  if (!call) return std::nullopt;
  const Status status = call(device, &count, nullptr);
  return status == success || status == insufficient_size ? std::optional(static_cast<int>(count))
                                                          : std::nullopt;
}

Gpu inspect(const Nvml& nvml, Device device) {
  Gpu gpu;
  gpu.name = name_of(nvml, device);
  gpu.driver = driver_version(nvml);
  if (const auto memory = nvml.value<MemoryInfo>("nvmlDeviceGetMemoryInfo", device)) {
    gpu.memory_bytes = static_cast<int64_t>(memory->total);
    gpu.memory_used_bytes = static_cast<int64_t>(memory->used);
  }
  const auto clock = [&](const char* name, int type) {
    return converted<int>(nvml.value<unsigned>(name, device, type));
  };
  gpu.clock_mhz = clock("nvmlDeviceGetClockInfo", clock_of_multiprocessors);
  gpu.most_clock_mhz = clock("nvmlDeviceGetMaxClockInfo", clock_of_multiprocessors);
  gpu.memory_clock_mhz = clock("nvmlDeviceGetClockInfo", clock_of_memory);
  gpu.temperature_celsius =
      converted<int>(nvml.value<unsigned>("nvmlDeviceGetTemperature", device, sensor_of_the_chip));
  constexpr double milli = 1e-3;
  gpu.power_w = converted<double>(nvml.value<unsigned>("nvmlDeviceGetPowerUsage", device), milli);
  gpu.power_limit_w =
      converted<double>(nvml.value<unsigned>("nvmlDeviceGetEnforcedPowerLimit", device), milli);
  gpu.energy_j =
      converted<double>(nvml.value<unsigned long long>("nvmlDeviceGetTotalEnergyConsumption", device), milli);
  gpu.processes = processes_on(nvml, device);
  if (const auto mode = nvml.value<int>("nvmlDeviceGetPersistenceMode", device)) gpu.persistent = *mode == 1;
  const auto reasons =
      nvml.value<unsigned long long>("nvmlDeviceGetCurrentClocksThrottleReasons", device).value_or(0);
  for (const auto& [bit, words] : throttle_reasons)
    if ((reasons & bit) != 0) gpu.throttled.emplace_back(words);
  return gpu;
}

}  // namespace

void to_json(nlohmann::json& json, const Gpu& gpu) {
  json = {{"name", gpu.name}, {"driver", gpu.driver}, {"throttled", gpu.throttled}};
  const auto add = [&](const char* name, const auto& value) {
    json[name] = value ? nlohmann::json(*value) : nlohmann::json();
  };
  add("memory_bytes", gpu.memory_bytes);
  add("memory_used_bytes", gpu.memory_used_bytes);
  add("clock_mhz", gpu.clock_mhz);
  add("most_clock_mhz", gpu.most_clock_mhz);
  add("memory_clock_mhz", gpu.memory_clock_mhz);
  add("temperature_celsius", gpu.temperature_celsius);
  add("power_w", gpu.power_w);
  add("power_limit_w", gpu.power_limit_w);
  add("energy_j", gpu.energy_j);
  add("processes", gpu.processes);
  add("persistent", gpu.persistent);
}

Gpus inspect_gpus(const std::string& library) {
  Gpus gpus;
  const Nvml nvml(library);
  gpus.why_none = nvml.why_not();
  if (!gpus.why_none.empty()) return gpus;
  const unsigned count = nvml.value<unsigned>("nvmlDeviceGetCount_v2").value_or(0);
  for (unsigned index = 0; index < count; ++index)
    if (const auto device = nvml.value<Device>("nvmlDeviceGetHandleByIndex_v2", index))
      gpus.found.push_back(inspect(nvml, *device));
  if (gpus.found.empty())
    gpus.why_none = fmt::format("driver {} is loaded, but shows no GPU", driver_version(nvml));
  return gpus;
}

std::optional<Gpu> only_gpu_named(const std::string& name, const std::string& library) {
  std::vector<Gpu> found = inspect_gpus(library).found;
  std::erase_if(found, [&](const Gpu& gpu) { return gpu.name != name; });
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

std::vector<std::string> disturbing_throttles(const Gpu& gpu) {
  std::vector<std::string> reasons = gpu.throttled;
  std::erase(reasons, power_limit);
  return reasons;
}

}  // namespace bitsweep
