#include "results/quantity.h"

#include <cmath>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace bitsweep {
namespace {

/// Three digits, or all before the point.
std::string three_digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

struct Step {
  double factor;
  std::string_view name;
};

/// In the largest unit in which the value is at least 1.
std::string scaled(double value, std::span<const Step> steps) {
  const Step* step = &steps.front();
  for (const Step& next : steps)
    if (std::abs(value) >= next.factor * 0.9995) step = &next;
  const std::string number = step->factor == 1 && value == std::floor(value)
                                 ? fmt::format("{:.0f}", value)
                                 : three_digits(value / step->factor);
  return step->name.empty() ? number : fmt::format("{} {}", number, step->name);
}

}  // namespace

std::string readable(double value, std::string_view unit) {
  static const std::vector<Step> times = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
  static const std::vector<Step> sizes = {
      {1, "B"}, {1024, "KiB"}, {1024.0 * 1024, "MiB"}, {1024.0 * 1024 * 1024, "GiB"}};
  static const std::vector<Step> counts = {{1, ""}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}};
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (unit == "ns") return scaled(value, times);
  if (unit == "bytes") return scaled(value, sizes);
  if (unit == "%") return fmt::format("{:.2f} %", value);
  if (unit == "x") return fmt::format("{:.2f}x", value);
  if (unit == "dB") return fmt::format("{:.1f} dB", value);
  if (!unit.empty()) return fmt::format("{} {}", three_digits(value), unit);
  return value == std::floor(value) ? scaled(value, counts) : fmt::format("{:.6g}", value);
}

}  // namespace bitsweep
