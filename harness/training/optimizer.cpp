#include "harness/training/optimizer.h"

namespace bitsweep {

void descend(const DescentStep& step, std::span<float> values, std::span<const float> gradients,
             std::span<float> velocity) {
  float* value = values.data();
  const float* gradient = gradients.data();
  float* speed = velocity.data();
  const auto count = static_cast<int64_t>(values.size());
#pragma omp parallel for simd if (count > 4096)
  for (int64_t i = 0; i < count; ++i) {
    speed[i] = step.momentum * speed[i] + (gradient[i] + step.weight_decay * value[i]);
    value[i] -= step.learning_rate * speed[i];
  }
}

}  // namespace bitsweep
