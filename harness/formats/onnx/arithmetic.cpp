// Sums, differences, products and quotients, of layers and of constants.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"
#include "harness/formats/onnx/patterns.h"

namespace bitsweep::onnx {
namespace {

/// One value a channel of what a constant is when it is broadcast to the feature.
std::vector<float> broadcast_channels(Step& step, const Constant& constant, const Feature& feature) {
  const Shape& shape = constant.shape;
  const auto wrong = [&] {
    return Error(
        fmt::format("a constant of shape {} meets shape {} (without the batch); right is one number, or "
                    "one a channel",
                    to_text(shape), to_text(feature.shape)));
  };
  const size_t rank = feature.shape.size() + 1;  // the batch is axis 0
  if (shape.size() > rank) throw wrong();
  const int64_t channels = step.layer(feature).shape[0];
  step.spend(channels);
  const std::optional<size_t> axis = step.channel_axis(feature);
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t aligned = rank - shape.size() + i;
    if (shape[i] != 1 && (!axis || aligned != *axis + 1 || shape[i] != channels)) throw wrong();
  }
  std::vector<float> values(channels);
  const bool one = element_count(shape) == 1;
  for (int64_t channel = 0; channel < channels; ++channel) {
    values[channel] = static_cast<float>(constant.at(one ? 0 : channel));
    if (!std::isfinite(values[channel]))
      throw Error(fmt::format("a constant holds {}; right is finite numbers", values[channel]));
  }
  return values;
}

bool uniform(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [&](float value) { return value == values[0]; });
}

/// y = scale x + shift, a channel.
void give_affine(Step& step, const Feature& input, std::vector<float> scale, std::vector<float> shift) {
  if (uniform(scale) && uniform(shift))
    if (const auto known = recognise_scaling(step.layers(), input.layer, scale[0], shift[0])) {
      Feature like = input;
      like.layer = known->input;
      return step.give_elementwise(known->activation, like);
    }
  const Shape channels = {static_cast<int64_t>(scale.size())};
  const auto filled = [&](float value) { return Tensor{channels, std::vector<float>(scale.size(), value)}; };
  step.give_elementwise(
      BatchNormalization{{channels, scale}, {channels, shift}, filled(0), filled(1), /*epsilon=*/0}, input);
}

/// scale(c) × input + shift(c), a channel, where c is the constant.
template <class Scale, class Shift>
void give_with_constant(Step& step, size_t feature, const Scale& scale, const Shift& shift) {
  const Feature input = step.with_channels(step.feature(feature));
  std::vector<float> scales = broadcast_channels(step, step.constant(1 - feature), input), shifts = scales;
  std::transform(scales.begin(), scales.end(), scales.begin(), scale);
  std::transform(shifts.begin(), shifts.end(), shifts.begin(), shift);
  give_affine(step, input, std::move(scales), std::move(shifts));
}

/// Of two constants; one of them may be a single number.
template <class Compute>
void give_folded(Step& step, const Compute& compute) {
  const Constant &a = step.constant(0), &b = step.constant(1);
  const int64_t a_count = element_count(a.shape), b_count = element_count(b.shape);
  if (a.shape != b.shape && a_count != 1 && b_count != 1)
    throw Error(fmt::format("constants have shapes {} and {}; right is equal shapes, or one number",
                            to_text(a.shape), to_text(b.shape)));
  Constant result{a.type, b_count == 1 ? a.shape : b.shape, {}, {}};
  if (a_count == 1 && b_count == 1 && b.shape.size() > a.shape.size()) result.shape = b.shape;
  if (a.is_integer() != b.is_integer()) throw Error("integers meet real numbers; right is one data type");
  const int64_t count = element_count(result.shape);
  step.spend(count);
  const auto fill = [&](auto& values, const auto& left, const auto& right) {
    values.reserve(count);
    for (int64_t i = 0; i < count; ++i)
      values.push_back(compute(left[a_count == 1 ? 0 : i], right[b_count == 1 ? 0 : i]));
  };
  a.is_integer() ? fill(result.integers, a.integers, b.integers) : fill(result.reals, a.reals, b.reals);
  step.give(std::move(result));
}

/// Integers wrap around, as ONNX's do.
template <class Wrapped>
auto wrapping(const Wrapped& compute) {
  return [compute](auto a, auto b) {
    if constexpr (std::is_integral_v<decltype(a)>)
      return static_cast<int64_t>(compute(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
    else
      return compute(a, b);
  };
}

/// Two features of one view, of layers of one shape.
std::pair<size_t, size_t> aligned(Step& step, const Feature& a, const Feature& b) {
  if (a.shape != b.shape || a.channels_last != b.channels_last)
    throw Error(fmt::format(
        "its inputs have shapes {} and {} without the batch, in {} order; right is equal "
        "shapes in one order",
        to_text(a.shape), to_text(b.shape), a.channels_last == b.channels_last ? "one" : "another"));
  if (step.layer(a).shape == step.layer(b).shape) return {a.layer, b.layer};
  if (a.channels_last) throw Error("its inputs were flattened in different ways; right is one way");
  return {step.flatten(a.layer), step.flatten(b.layer)};
}

void give_sum(Step& step, const Feature& a, const Feature& b) {
  const auto [left, right] = aligned(step, a, b);
  Feature given = a;
  given.layer = step.add(Add{}, {left, right});
  step.give(std::move(given));
}

/// Does the feature have one value a channel of `image`, at the channels' axis of its view?
bool gates(Step& step, const Feature& gate, const Feature& image) {
  const std::optional<size_t> axis = step.channel_axis(image);
  if (!axis || gate.shape.size() != image.shape.size()) return false;
  Shape right(image.shape.size(), 1);
  right[*axis] = image.shape[*axis];
  const Shape& own = step.layer(gate).shape;
  return gate.shape == right && own[0] == right[*axis];
}

void give_product(Step& step, const Feature& a, const Feature& b) {
  Feature given = a;
  if (a.shape == b.shape) {
    if (const auto known = recognise_product(step.layers(), a.layer, b.layer)) {
      given.layer = known->input;
      return step.give_elementwise(known->activation, given);
    }
    const auto [left, right] = aligned(step, a, b);
    given.layer = step.add(Multiply{}, {left, right});
  } else if (gates(step, b, a)) {
    given.layer = step.add(Multiply{}, {a.layer, b.layer});
  } else if (gates(step, a, b)) {
    given = b;
    given.layer = step.add(Multiply{}, {b.layer, a.layer});
  } else {
    throw Error(
        fmt::format("its inputs have shapes {} and {} without the batch; right is equal shapes, or one "
                    "factor a channel",
                    to_text(a.shape), to_text(b.shape)));
  }
  step.give(std::move(given));
}

const auto as_is = [](float value) { return value; };
const auto one = [](float) { return 1.F; };
const auto zero = [](float) { return 0.F; };

}  // namespace

void add(Step& step) {
  if (step.all_constant()) return give_folded(step, wrapping(std::plus<>()));
  if (step.is_constant(0) || step.is_constant(1))
    return give_with_constant(step, step.is_constant(0) ? 1 : 0, one, as_is);
  give_sum(step, step.feature(0), step.feature(1));
}

void subtract(Step& step) {
  const auto minus = [](float value) { return -value; };
  const auto minus_one = [](float) { return -1.F; };
  if (step.all_constant()) return give_folded(step, wrapping(std::minus<>()));
  if (step.is_constant(1)) return give_with_constant(step, 0, one, minus);
  if (step.is_constant(0)) return give_with_constant(step, 1, minus_one, as_is);
  throw Error("it subtracts one layer from another; right is to subtract a constant");
}

void multiply(Step& step) {
  if (step.all_constant()) return give_folded(step, wrapping(std::multiplies<>()));
  if (step.is_constant(0) || step.is_constant(1))
    return give_with_constant(step, step.is_constant(0) ? 1 : 0, as_is, zero);
  give_product(step, step.feature(0), step.feature(1));
}

void divide(Step& step) {
  const auto checked = [](auto a, auto b) -> decltype(a) {
    if (b == 0) throw Error("it divides by 0; right is another divisor");
    if constexpr (std::is_integral_v<decltype(a)>)
      if (b == -1)
        return static_cast<int64_t>(-static_cast<uint64_t>(a));  // of the least integer it overflows
    return a / b;
  };
  if (step.all_constant()) return give_folded(step, checked);
  if (step.is_constant(1))
    return give_with_constant(
        step, 0, [&](float value) { return checked(1.F, value); }, zero);
  throw Error("it divides by a layer; right is to divide by a constant");
}

void sum(Step& step) {
  if (step.input_count() == 1) return step.give(step.feature(0));
  Feature sum = step.feature(0);
  for (size_t input = 1; input + 1 < step.input_count(); ++input) {
    const auto [left, right] = aligned(step, sum, step.feature(input));
    sum.layer = step.add(Add{}, {left, right});
  }
  give_sum(step, sum, step.feature(step.input_count() - 1));
}

}  // namespace bitsweep::onnx
