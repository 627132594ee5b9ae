// QuantizeLinear and DequantizeLinear: of weights they are carried out, of the image they tell the range.
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

/// The type that attribute 'output_dtype' of QuantizeLinear (opset 21) names; nothing where it is left out.
std::optional<NumberType> named_type(const Step& step) {
  constexpr int64_t none = 0, uint8 = 2, int8 = 3;  // as in TensorProto
  const int64_t named = step.integer("output_dtype", none);
  if (named == none) return std::nullopt;
  if (named != uint8 && named != int8)
    throw Error(
        fmt::format("attribute 'output_dtype' is {}; right is {} (uint8) or {} (int8)", named, uint8, int8));
  return named == int8 ? NumberType::int8 : NumberType::uint8;
}

/// Scales and zero points, one for all or one for each index of an axis.
class Steps {
 public:
  /// `otherwise`: the type of the integers where neither zero points nor 'output_dtype' tell it.
  Steps(Step& step, const Shape& shape, NumberType otherwise) : scale_(step.constant(1)), type_(otherwise) {
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
    const std::optional<NumberType> named = named_type(step);
    type_ = named.value_or(type_);
    if (!step.has(2)) return;
    zero_point_ = &step.constant(2);
    type_ = zero_point_->type;
    if (named && *named != type_)
      throw Error("its zero points are of another type than attribute 'output_dtype'; right is one type");
    if (element_count(zero_point_->shape) != element_count(scale_.shape))
      throw Error(fmt::format("its zero points have shape {}, its scales {}; right is one shape",
                              to_text(zero_point_->shape), to_text(scale_.shape)));
  }

  bool single() const { return size_ == 1; }
  NumberType type() const { return type_; }
  float scale(int64_t element) const { return scale_.reals[element / inner_ % size_]; }
  float zero_point(int64_t element) const {
    return zero_point_ ? static_cast<float>(zero_point_->at(element / inner_ % size_)) : 0;
  }

 private:
  const Constant& scale_;
  const Constant* zero_point_ = nullptr;
  NumberType type_;
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

/// The numbers that can be told apart. Where 128 steps are below zero and 127 above (int8 around 0, uint8
/// around 128) the lowest is left out, so that the scale is high / 127, as our engines have it.
Range range_of(const Quantization& quantization) {
  Bounds bounds = bounds_of(quantization.type);
  if (quantization.zero_point - bounds.low == 128) ++bounds.low;
  return {(bounds.low - quantization.zero_point) * quantization.scale,
          (bounds.high - quantization.zero_point) * quantization.scale};
}

Quantization quantization_of(Step& step, NumberType otherwise) {
  const Steps steps(step, {1}, otherwise);
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
  const Steps steps(step, from.shape, from.type);
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
    const NumberType type = Steps(step, step.constant(0).shape, NumberType::uint8).type();
    const Bounds bounds = bounds_of(type);
    return give_computed(step, type, [bounds](float number, float scale, float zero_point) {
      return std::clamp(std::nearbyint(number / scale) + zero_point, bounds.low, bounds.high);
    });
  }
  Feature seen = step.feature(0);
  seen.quantization = quantization_of(step, NumberType::uint8);
  step.widen_range(seen.layer, range_of(*seen.quantization));
  step.give(std::move(seen));
}

void dequantize(Step& step) {
  if (step.is_constant(0))
    return give_computed(step, NumberType::float32, [](float number, float scale, float zero_point) {
      return (number - zero_point) * scale;
    });
  Feature seen = step.any_feature(0);
  if (!seen.quantization) throw Error("its input is not quantised; right is a QuantizeLinear before it");
  const Quantization quantization = quantization_of(step, seen.quantization->type);
  if (*seen.quantization != quantization)
    throw Error(
        fmt::format("its scale and zero point are {} and {}, those of the QuantizeLinear {} and {}; right "
                    "is the same",
                    quantization.scale, quantization.zero_point, seen.quantization->scale,
                    seen.quantization->zero_point));
  step.widen_range(seen.layer,
                   range_of(quantization));  // another layer than at the QuantizeLinear after a pool
  seen.quantization.reset();
  step.give(std::move(seen));
}

}  // namespace bitsweep::onnx
