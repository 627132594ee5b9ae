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

}  // namespace

void add_gpu_evidence(Result& result, const std::string& device, const std::function<void()>& step,
                      int64_t inferences_a_step, const std::string& library) {
  using Clock = std::chrono::steady_clock;
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
  for (const std::string& reason : disturbing_throttles(*after))
    result.notes.push_back("the GPU's clock was held down by: " + reason);
}

}  // namespace bitsweep
