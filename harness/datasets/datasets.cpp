#include "harness/datasets/datasets.h"

#include <algorithm>

#include <fmt/format.h>
#include <xxhash.h>

#include "harness/datasets/sources.h"
#include "harness/error.h"

namespace bitsweep {

const std::vector<Dataset>& datasets() {
  static const std::vector<Dataset> table = {
      {"cifar10",
       "photographs of 10 kinds, 32x32 colour, 10,000 test images; fetched, see scripts/fetch-data", true,
       cifar10_test, cifar10_train},
      {"mnist", "handwritten digits, 28x28 grey, 10 classes, 10,000 test images", true, mnist_test,
       mnist_train},
      {"synthetic", "seeded smooth fields of the model's input shape, without labels", false, synthetic_test,
       synthetic_train},
  };
  return table;
}

void check_classes(const Samples& samples, int64_t classes) {
  const auto largest = std::max_element(samples.labels.begin(), samples.labels.end());
  if (largest != samples.labels.end() && *largest >= classes)
    throw Error(
        fmt::format("the images have labels up to {} but the model tells {} classes apart; right is a "
                    "model with {} outputs or more",
                    *largest, classes, *largest + 1));
}

std::string data_hash(const Samples& samples) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, samples.values.data(), samples.values.size() * sizeof(float));
  XXH3_64bits_update(&state, samples.labels.data(), samples.labels.size() * sizeof(int32_t));
  return fmt::format("{:016x}", XXH3_64bits_digest(&state));
}

}  // namespace bitsweep
