#include <algorithm>
#include <cmath>
#include <set>

#include "harness/error.h"
#include "harness/training/batches.h"
#include "harness/training/optimizer.h"
#include "harness/training/recipe.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

Recipe recipe_of(Schedule schedule) {
  Recipe recipe;
  recipe.epochs = 10;
  recipe.learning_rate = 0.4F;
  recipe.schedule = schedule;
  return recipe;
}

/// `count` images of one channel, 4 x 4, whose values tell image and place.
Samples numbered_images(int64_t count) {
  Samples samples{{1, 4, 4}, count, std::vector<float>(count * 16), {}, ""};
  for (size_t i = 0; i < samples.values.size(); ++i) samples.values[i] = static_cast<float>(i + 1);
  for (int64_t i = 0; i < count; ++i) samples.labels.push_back(static_cast<int32_t>(i));
  return samples;
}

}  // namespace

TEST_CASE("recipe: the learning rate follows its schedule after the warm-up") {
  CHECK(learning_rate(recipe_of(Schedule::constant), 9.9) == 0.4F);

  Recipe step = recipe_of(Schedule::step);
  step.milestones = {4, 8};
  CHECK(learning_rate(step, 3.99) == Approx(0.4));
  CHECK(learning_rate(step, 4) == Approx(0.04));
  CHECK(learning_rate(step, 8.5) == Approx(0.004));

  Recipe cosine = recipe_of(Schedule::cosine);
  cosine.warmup = 2;
  CHECK(learning_rate(cosine, 0) == 0);
  CHECK(learning_rate(cosine, 1) == Approx(0.2));
  CHECK(learning_rate(cosine, 2) == Approx(0.4));
  CHECK(learning_rate(cosine, 6) == Approx(0.2));
  CHECK(learning_rate(cosine, 10) == Approx(0).margin(1e-7));
}

TEST_CASE("recipe: what is impossible is told with what would be right") {
  const auto refusal = [](const auto& change) {
    Recipe recipe = recipe_of(Schedule::constant);
    change(recipe);
    try {
      check(recipe, {1, 4, 5});
      check_batch(recipe, 100);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("not refused");
  };
  CHECK(refusal([](Recipe&) {}) == "not refused");
  CHECK_THAT(refusal([](Recipe& r) { r.batch = 101; }), ContainsSubstring("batch 101 does not fit 100"));
  CHECK_THAT(refusal([](Recipe& r) { r.warmup = 10; }), ContainsSubstring("right is 0 to 9"));
  CHECK_THAT(refusal([](Recipe& r) { r.momentum = 1; }), ContainsSubstring("right is 0 to below 1"));
  CHECK_THAT(refusal([](Recipe& r) { r.weight_decay = NAN; }), ContainsSubstring("weight decay"));
  CHECK_THAT(refusal([](Recipe& r) { r.label_smoothing = 1; }), ContainsSubstring("label smoothing"));
  for (const std::vector<int>& milestones : std::vector<std::vector<int>>{{8, 4}, {4, 4}, {-1, 4}, {0}, {10}})
    CHECK_THAT(refusal([&](Recipe& r) { r.schedule = Schedule::step, r.milestones = milestones; }),
               ContainsSubstring("right is rising epochs, from 1 to 9"));
  CHECK(refusal([](Recipe& r) { r.schedule = Schedule::step, r.milestones = {1, 9}; }) == "not refused");
  CHECK_THAT(refusal([](Recipe& r) { r.milestones = {4}; }), ContainsSubstring("without the schedule step"));
  CHECK_THAT(refusal([](Recipe& r) { r.schedule = Schedule::step; }),
             ContainsSubstring("without milestones"));
  CHECK_THAT(refusal([](Recipe& r) { r.crop = 4; }),
             ContainsSubstring("a crop of 4 for images of shape [1, 4, 5]; right is 0 to 3"));
  CHECK(refusal([](Recipe& r) { r.crop = 3; }) == "not refused");
  CHECK_THAT(refusal([](Recipe& r) { r.threads = 1025; }),
             ContainsSubstring("1025 threads; right is 1 to 1024"));
  CHECK_THAT(refusal([](Recipe& r) { r.learning_rate = 0; }), ContainsSubstring("above 0"));
  Recipe flipped = recipe_of(Schedule::constant);
  flipped.flip = true;
  CHECK_THROWS_WITH(check(flipped, {784}), ContainsSubstring("no effect"));
}

TEST_CASE("optimizer: momentum and weight decay are PyTorch's") {
  std::vector<float> values = {1, -2}, velocity = {0, 0};
  const std::vector<float> gradients = {0.5F, 0};
  const DescentStep step{0.1F, 0.9F, 0.01F};
  descend(step, values, gradients, velocity);
  CHECK(velocity[0] == Approx(0.51));
  CHECK(values[0] == Approx(1 - 0.051));
  CHECK(values[1] == Approx(-2 + 0.002));
  descend(step, values, gradients, velocity);
  CHECK(velocity[0] == Approx(0.9 * 0.51 + 0.5 + 0.01 * 0.949));
}

TEST_CASE("batches: every image comes once an epoch, in another order each time") {
  const Samples samples = numbered_images(12);
  Recipe recipe;
  recipe.batch = 4;
  Batches batches(samples, recipe);
  std::vector<std::vector<int32_t>> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    batches.begin_epoch();
    orders.emplace_back();
    for (int64_t step = 0; step < batches.steps(); ++step) {
      const Batches::Batch batch = batches.batch(step);
      orders.back().insert(orders.back().end(), batch.labels.begin(), batch.labels.end());
      for (int64_t i = 0; i < 4; ++i) CHECK(batch.images[i * 16] == samples.values[batch.labels[i] * 16]);
    }
    CHECK(std::set<int32_t>(orders.back().begin(), orders.back().end()).size() == 12);
  }
  CHECK(orders[0] != orders[1]);
  CHECK(orders[1] != orders[2]);
  Batches again(samples, recipe);
  again.begin_epoch();
  const Batches::Batch batch = again.batch(0);
  CHECK(std::equal(batch.labels.begin(), batch.labels.end(), orders[0].begin()));
}

TEST_CASE("batches: a crop shifts an image over zeros, a flip mirrors it, and neither changes the order") {
  const Samples samples = numbered_images(500);
  Recipe plain;
  plain.batch = 500;
  Recipe augmented = plain;
  augmented.crop = 1;
  augmented.flip = true;
  Batches as_they_are(samples, plain), changed(samples, augmented);
  as_they_are.begin_epoch();
  changed.begin_epoch();
  const Batches::Batch before = as_they_are.batch(0), after = changed.batch(0);
  std::set<std::vector<int>> views;
  for (int64_t i = 0; i < 500; ++i) {
    REQUIRE(before.labels[i] == after.labels[i]);
    const auto pixel = [&](int64_t row, int64_t column) {
      const bool outside = row < 0 || row >= 4 || column < 0 || column >= 4;
      return outside ? 0.F : before.images[i * 16 + row * 4 + column];
    };
    // Which of the 18 views it is.
    for (int down = -1; down <= 1; ++down)
      for (int right = -1; right <= 1; ++right)
        for (const bool mirrored : {false, true}) {
          bool equal = true;
          for (int64_t row = 0; row < 4; ++row)
            for (int64_t column = 0; column < 4; ++column)
              equal &= after.images[i * 16 + row * 4 + column] ==
                       pixel(row + down, (mirrored ? 3 - column : column) + right);
          if (equal) views.insert({down, right, mirrored});
        }
  }
  CHECK(views.size() == 18);
}
