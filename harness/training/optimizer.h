// The step of stochastic gradient descent.
#pragma once

#include <cstdint>
#include <span>

namespace bitsweep {

/// velocity = momentum * velocity + gradient + weight_decay * value; value -= learning_rate * velocity.
/// All of one size. Source: PyTorch's SGD, without dampening and Nesterov's variant.
struct DescentStep {
  float learning_rate = 0.01F;
  float momentum = 0;
  float weight_decay = 0;
};
void descend(const DescentStep& step, std::span<float> values, std::span<const float> gradients,
             std::span<float> velocity);

}  // namespace bitsweep
