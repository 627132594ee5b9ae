#include "harness/datasets/datasets.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "harness/datasets/sources.h"

namespace bitsweep {

const std::vector<Dataset>& datasets() {
  static const std::vector<Dataset> table = {
      {"mnist", "handwritten digits, 28x28 grey, 10 classes, 10,000 test images", true, mnist_test,
       mnist_train},
      {"synthetic", "seeded smooth fields of the model's input shape, without labels", false, synthetic_test,
       synthetic_train},
  };
  return table;
}

std::string data_hash(const Samples& samples) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, samples.values.data(), samples.values.size() * sizeof(float));
  XXH3_64bits_update(&state, samples.labels.data(), samples.labels.size() * sizeof(int32_t));
  return fmt::format("{:016x}", XXH3_64bits_digest(&state));
}

}  // namespace bitsweep
