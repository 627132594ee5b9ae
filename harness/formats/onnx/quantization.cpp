// QuantizeLinear and DequantizeLinear: of weights they are carried out, of the image they tell the range.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

/// Scales and zero points, one for all or one for each index of an axis.
class Steps {
 public:
  Steps(Step& step, const Shape& shape) : scale_(step.constant(1)) {
    if (step.integer("block_size", 0) != 0)
      throw Error("it has a scale a block; right is one, or one a channel");
    if (scale_.is_integer()) throw Error("its scales are integers; right is real numbers");
    if (element_count(scale_.shape) != 1) {
      const size_t axis = checked_axis(step.integer("axis", 1), shape.size());
      if (scale_.shape != Shape{shape[axis]})
        throw Error(fmt::format("its scales have shape {}; right is one, or [{}]", to_text(scale_.shape),
                                shape[axis]));
      size_ = shape[axis];
      for (size_t i = axis + 1; i < shape.size(); ++i) inner_ *= shape[i];
    }
    for (float scale : scale_.reals)
      if (!(scale > 0) || !std::isfinite(scale))
        throw Error(fmt::format("it has scale {}; right is a finite number above 0", scale));
    if (!step.has(2)) return;
    zero_point_ = &step.constant(2);
    if (element_count(zero_point_->shape) != element_count(scale_.shape))
      throw Error(fmt::format("its zero points have shape {}, its scales {}; right is one shape",
                              to_text(zero_point_->shape), to_text(scale_.shape)));
  }

  bool single() const { return size_ == 1; }
  NumberType type() const { return zero_point_ ? zero_point_->type : NumberType::uint8; }
  float scale(int64_t element) const { return scale_.reals[element / inner_ % size_]; }
  float zero_point(int64_t element) const {
    return zero_point_ ? static_cast<float>(zero_point_->at(element / inner_ % size_)) : 0;
  }

 private:
  const Constant& scale_;
  const Constant* zero_point_ = nullptr;
  int64_t size_ = 1, inner_ = 1;
};

struct Bounds {
  float low, high;
};

Bounds bounds_of(NumberType type) {
  if (type == NumberType::int8) return {-128, 127};
  if (type == NumberType::uint8) return {0, 255};
  throw Error("it quantises to another type than int8 or uint8; right is one of these");
}

/// The numbers that can be told apart. Symmetric int8 leaves -128 out, so that its scale is high / 127.
Range range_of(const Quantization& quantization) {
  Bounds bounds = bounds_of(quantization.type);
  if (quantization.type == NumberType::int8 && quantization.zero_point == 0) bounds.low = -127;
  return {(bounds.low - quantization.zero_point) * quantization.scale,
          (bounds.high - quantization.zero_point) * quantization.scale};
}

Quantization quantization_of(Step& step) {
  const Steps steps(step, {1});
  if (!steps.single()) throw Error("it has several scales for the image; right is one");
  const Quantization quantization{steps.scale(0), steps.zero_point(0), steps.type()};
  const Range range = range_of(quantization);
  if (!std::isfinite(range.low) || !std::isfinite(range.high))
    throw Error(
        fmt::format("its scale {} spans no finite range; right is a smaller one", quantization.scale));
  return quantization;
}

/// Carries out `compute(number, scale, zero point)` for all elements of the constant.
template <class Compute>
void give_computed(Step& step, NumberType type, const Compute& compute) {
  const Constant& from = step.constant(0);
  const Steps steps(step, from.shape);
  const int64_t count = element_count(from.shape);
  step.spend(count);
  Constant to{type, from.shape, std::vector<float>(count), {}};
  for (int64_t i = 0; i < count; ++i)
    to.reals[i] = compute(static_cast<float>(from.at(i)), steps.scale(i), steps.zero_point(i));
  step.give(std::move(to));
}

}  // namespace

void quantize(Step& step) {
  if (step.is_constant(0)) {
    const NumberType type = Steps(step, step.constant(0).shape).type();
    const Bounds bounds = bounds_of(type);
    return give_computed(step, type, [bounds](float number, float scale, float zero_point) {
      return std::clamp(std::nearbyint(number / scale) + zero_point, bounds.low, bounds.high);
    });
  }
  Feature seen = step.feature(0);
  seen.quantization = quantization_of(step);
  step.give(std::move(seen));
}

void dequantize(Step& step) {
  if (step.is_constant(0))
    return give_computed(step, NumberType::float32, [](float number, float scale, float zero_point) {
      return (number - zero_point) * scale;
    });
  Feature seen = step.any_feature(0);
  const Quantization quantization = quantization_of(step);
  if (!seen.quantization) throw Error("its input is not quantised; right is a QuantizeLinear before it");
  if (*seen.quantization != quantization)
    throw Error(
        fmt::format("its scale and zero point are {} and {}, those of the QuantizeLinear {} and {}; right "
                    "is the same",
                    quantization.scale, quantization.zero_point, seen.quantization->scale,
                    seen.quantization->zero_point));
  step.set_range(seen.layer, range_of(quantization));
  seen.quantization.reset();
  step.give(std::move(seen));
}

}  // namespace bitsweep::onnx
