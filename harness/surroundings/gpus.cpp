#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

Surrounding clocks(const std::string& name, const Gpu& gpu) {
  if (!gpu.clock_mhz || !gpu.most_clock_mhz)
    return {name, "unknown", false, "the clock of the GPU is hidden; look at the spread of the samples."};
  return {name,
          fmt::format("{} of {} MHz now, memory {} MHz", *gpu.clock_mhz, *gpu.most_clock_mhz,
                      gpu.memory_clock_mhz ? std::to_string(*gpu.memory_clock_mhz) : "unknown"),
          true, ""};
}

Surrounding throttling(const std::string& name, const Gpu& gpu) {
  if (gpu.throttled.empty()) return {name, "none", true, ""};
  return {name, fmt::format("{}", fmt::join(gpu.throttled, ", ")), false,
          "the clock is held down, and times are those of a slower card; let it cool, or ask who set its "
          "limits (`nvidia-smi -q -d PERFORMANCE`)."};
}

Surrounding power(const std::string& name, const Gpu& gpu) {
  if (!gpu.power_w || !gpu.power_limit_w)
    return {name, "unknown", false, "the power of the GPU is hidden, so energy cannot be told."};
  return {name, fmt::format("{:.0f} of {:.0f} W", *gpu.power_w, *gpu.power_limit_w), true, ""};
}

Surrounding temperature(const std::string& name, const Gpu& gpu) {
  constexpr int warm = 80;  // data-centre cards slow down at 83 to 90 degrees
  if (!gpu.temperature_celsius)
    return {name, "unknown", false, "the temperature of the GPU is hidden; look at the spread."};
  const std::string value = fmt::format("{} degrees Celsius", *gpu.temperature_celsius);
  if (*gpu.temperature_celsius < warm) return {name, value, true, ""};
  return {name, value, false, "it will slow down soon; wait until it is cooler, or improve its cooling."};
}

Surrounding neighbours(const std::string& name, const Gpu& gpu) {
  if (!gpu.processes) return {name, "unknown", false, "whether other programs compute on the GPU is hidden."};
  if (*gpu.processes == 0) return {name, "none", true, ""};
  return {name, std::to_string(*gpu.processes), false,
          "they take multiprocessors and memory bandwidth; end them (`nvidia-smi` names them), or take the "
          "card alone."};
}

Surrounding persistence(const std::string& name, const Gpu& gpu) {
  if (!gpu.persistent) return {name, "unknown", false, "how long the driver takes to start is hidden."};
  if (*gpu.persistent) return {name, "on", true, ""};
  return {name, "off", false,
          "the first call of each program waits for the driver to load, and clocks start low; "
          "`sudo nvidia-smi -pm 1` keeps it loaded."};
}

}  // namespace

std::vector<Surrounding> gpu_surroundings(const Gpus& gpus) {
  if (gpus.found.empty()) return {{"GPU", "none: " + gpus.why_none, true, ""}};
  std::vector<Surrounding> all;
  for (size_t index = 0; index < gpus.found.size(); ++index) {
    const Gpu& gpu = gpus.found[index];
    const std::string name = fmt::format("GPU {}", index);
    all.push_back({name, fmt::format("{}, driver {}", gpu.name, gpu.driver), true, ""});
    all.push_back(clocks(name + " clock", gpu));
    all.push_back(throttling(name + " held down by", gpu));
    all.push_back(power(name + " power", gpu));
    all.push_back(temperature(name + " temperature", gpu));
    all.push_back(neighbours(name + " other programs", gpu));
    all.push_back(persistence(name + " persistence", gpu));
  }
  return all;
}

}  // namespace bitsweep
