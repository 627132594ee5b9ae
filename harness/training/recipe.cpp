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

void check_schedule(const Recipe& recipe) {
  const bool steps = recipe.schedule == Schedule::step;
  const std::vector<int>& milestones = recipe.milestones;
  unless(recipe.gamma > 0, [&] { return fmt::format("gamma {}; right is above 0", recipe.gamma); });
  unless(steps || milestones.empty(), [] {
    return "milestones without the schedule step, so that they have no effect; right is both or none";
  });
  unless(!steps || !milestones.empty(), [] {
    return "the schedule step without milestones, so that it is constant; right is both or none";
  });
  const bool rising =
      std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) == milestones.end();
  unless(milestones.empty() || (rising && milestones.front() >= 1 && milestones.back() < recipe.epochs), [&] {
    return fmt::format("milestones {}; right is rising epochs, from 1 to {}", fmt::join(milestones, ","),
                       recipe.epochs - 1);
  });
}

void check_augmentation(const Recipe& recipe, const Shape& image) {
  if (image.size() != 3) {
    unless(recipe.crop == 0 && !recipe.flip,
           [] { return "crop or flip of vectors, on which they have no effect; right is neither"; });
    return;
  }
  const int64_t most = std::min(image[1], image[2]) - 1;
  unless(recipe.crop >= 0 && recipe.crop <= most, [&] {
    return fmt::format("a crop of {} for images of shape {}; right is 0 to {}", recipe.crop, to_text(image),
                       most);
  });
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

void check_batch(const Recipe& recipe, int64_t images) {
  unless(recipe.batch <= images, [&] {
    return fmt::format("batch {} does not fit {} training images; right is 1 to {}", recipe.batch, images,
                       images);
  });
}

void check(const Recipe& recipe, const Shape& image) {
  unless(recipe.batch >= 1, [&] { return fmt::format("batch {}; right is 1 or more", recipe.batch); });
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
  unless(recipe.threads >= 1 && recipe.threads <= most_threads,
         [&] { return fmt::format("{} threads; right is 1 to {}", recipe.threads, most_threads); });
  check_schedule(recipe);
  check_augmentation(recipe, image);
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
