#include "harness/comparison.h"

#include <algorithm>

namespace bitsweep {
namespace {

template <class Condition>
std::optional<size_t> first_where(std::span<const Run> runs, Condition condition) {
  const auto found = std::find_if(runs.begin(), runs.end(), condition);
  if (found == runs.end()) return std::nullopt;
  return static_cast<size_t>(found - runs.begin());
}

}  // namespace

std::optional<size_t> fp32_baseline(const Run& run, std::span<const Run> measured) {
  Run wanted = run;
  wanted.precision = Precision::fp32;
  wanted.pruning = {};
  const auto same = first_where(measured, [&](const Run& other) { return other == wanted; });
  if (same) return same;
  return first_where(measured, [&](const Run& other) {
    wanted.calibration = other.calibration;
    return other == wanted;
  });
}

std::optional<size_t> dense_baseline(const Run& run, std::span<const Run> measured) {
  Run wanted = run;
  wanted.pruning = {};
  return first_where(measured, [&](const Run& other) { return other == wanted; });
}

}  // namespace bitsweep
