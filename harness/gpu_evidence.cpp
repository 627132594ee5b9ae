#include "harness/gpu_evidence.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bitsweep {
namespace {

std::string described(const Gpu& gpu) {
  const auto number = [](const auto& value) {
    return value ? fmt::format("{:.0f}", static_cast<double>(*value)) : std::string("unknown");
  };
  return fmt::format("{} of {} MHz, memory {} MHz, {} C, {} of {} W, held down by: {}", number(gpu.clock_mhz),
                     number(gpu.most_clock_mhz), number(gpu.memory_clock_mhz),
                     number(gpu.temperature_celsius), number(gpu.power_w), number(gpu.power_limit_w),
                     gpu.throttled.empty() ? "nothing" : fmt::format("{}", fmt::join(gpu.throttled, ", ")));
}

using Clock = std::chrono::steady_clock;

/// As it is after a moment of that load; nothing where the load fails, which timing it will tell.
std::optional<Gpu> under_load(const std::string& device, const std::function<void()>& step,
                              const std::string& library) {
  constexpr std::chrono::milliseconds clocks_rise(100);
  try {
    for (const auto begin = Clock::now(); Clock::now() - begin < clocks_rise;) step();
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return only_gpu_named(device, library);
}

}  // namespace

Watch watch_gpu(Watch cores, std::string device, std::function<void()> step, std::string library) {
  return [=] {
    const std::optional<Gpu> before = under_load(device, step, library);
    return [=, end = cores()] {
      Noise noise = end();
      const std::optional<Gpu> after = under_load(device, step, library);
      if (!before || !after) return noise;
      noise.gpu_clock_before_mhz = before->clock_mhz.value_or(0);
      noise.gpu_clock_after_mhz = after->clock_mhz.value_or(0);
      noise.gpu_held_down = disturbing_throttles(*after);
      return noise;
    };
  };
}

void add_gpu_evidence(Result& result, const std::string& device, const std::function<void()>& step,
                      int64_t inferences_a_step, const std::string& library) {
  constexpr std::chrono::milliseconds long_beside_the_counter_step(500);
  const std::optional<Gpu> before = only_gpu_named(device, library);
  if (!before || !before->energy_j) return;
  int64_t inferences = 0;
  for (const auto begin = Clock::now(); Clock::now() - begin < long_beside_the_counter_step;
       inferences += inferences_a_step)
    step();
  const std::optional<Gpu> after = only_gpu_named(device, library);
  if (!after || !after->energy_j) return;
  add_metric(result, "energy_per_image",
             (*after->energy_j - *before->energy_j) / static_cast<double>(inferences * result.run.batch), "J",
             Direction::lower_is_better);
  result.evidence["gpu"] = described(*after);
  result.evidence["gpu_driver"] = after->driver;
}

}  // namespace bitsweep
