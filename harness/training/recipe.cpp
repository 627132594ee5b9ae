#include "harness/training/recipe.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

void unless(bool right, const std::function<std::string()>& wrong) {
  if (!right) throw Error("training: " + wrong());
}

}  // namespace

const std::vector<ScheduleEntry>& schedules() {
  static const std::vector<ScheduleEntry> table = {
      {Schedule::constant, "constant", "the same learning rate throughout"},
      {Schedule::step, "step", "falls by gamma after each milestone"},
      {Schedule::cosine, "cosine", "falls to 0 along half a cosine"},
  };
  return table;
}

void check(const Recipe& recipe, int64_t images) {
  unless(recipe.batch >= 1 && recipe.batch <= images,
         [&] { return fmt::format("batch {} does not fit {} training images", recipe.batch, images); });
  unless(recipe.epochs >= 1, [&] { return fmt::format("{} epochs; right is 1 or more", recipe.epochs); });
  unless(recipe.learning_rate > 0,
         [&] { return fmt::format("learning rate {}; right is above 0", recipe.learning_rate); });
  unless(recipe.warmup >= 0 && recipe.warmup < recipe.epochs, [&] {
    return fmt::format("{} epochs of warm-up; right is 0 to {}", recipe.warmup, recipe.epochs - 1);
  });
  unless(recipe.momentum >= 0 && recipe.momentum < 1,
         [&] { return fmt::format("momentum {}; right is 0 to below 1", recipe.momentum); });
  unless(recipe.weight_decay >= 0,
         [&] { return fmt::format("weight decay {}; right is 0 or more", recipe.weight_decay); });
  unless(recipe.label_smoothing >= 0 && recipe.label_smoothing < 1,
         [&] { return fmt::format("label smoothing {}; right is 0 to below 1", recipe.label_smoothing); });
  unless(recipe.crop >= 0, [&] { return fmt::format("a crop of {}; right is 0 or more", recipe.crop); });
  unless(recipe.gamma > 0, [&] { return fmt::format("gamma {}; right is above 0", recipe.gamma); });
  unless(std::is_sorted(recipe.milestones.begin(), recipe.milestones.end()), [&] {
    return fmt::format("milestones {}; right is rising epochs", fmt::join(recipe.milestones, ","));
  });
}

float learning_rate(const Recipe& recipe, double progress) {
  if (progress < recipe.warmup) return recipe.learning_rate * static_cast<float>(progress / recipe.warmup);
  switch (recipe.schedule) {
    case Schedule::constant:
      return recipe.learning_rate;
    case Schedule::step: {
      const auto passed = std::count_if(recipe.milestones.begin(), recipe.milestones.end(),
                                        [&](int milestone) { return progress >= milestone; });
      return recipe.learning_rate * std::pow(recipe.gamma, static_cast<float>(passed));
    }
    case Schedule::cosine: {
      const double share = (progress - recipe.warmup) / (recipe.epochs - recipe.warmup);
      return recipe.learning_rate * static_cast<float>((1 + std::cos(std::numbers::pi * share)) / 2);
    }
  }
  throw std::logic_error("a schedule is missing in learning_rate()");
}

}  // namespace bitsweep
