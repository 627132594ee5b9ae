// Operators that move nothing, or only name things otherwise: on the image they change the view, on constants
// the shape.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/constants.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

/// The shape of an input, the batch among it.
Shape full_shape(const Step& step, size_t input) {
  if (step.is_constant(input)) return step.constant(input).shape;
  Shape shape = step.any_feature(input).shape;
  shape.insert(shape.begin(), step.batch());
  return shape;
}

/// The first input under another shape of as many elements.
void give_as(Step& step, Shape shape) {
  if (step.is_constant(0)) return step.give(reshaped(step, step.constant(0), std::move(shape)));
  if (shape.empty() || shape[0] != step.batch())
    throw Error(fmt::format("it makes shape {} of {}, which changes the batch; right is [batch, ...]",
                            to_text(shape), to_text(full_shape(step, 0))));
  Feature seen = step.any_feature(0);
  seen.shape.assign(shape.begin() + 1, shape.end());
  step.give(std::move(seen));
}

std::vector<size_t> checked_axes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<size_t> checked;
  for (int64_t axis : axes) checked.push_back(checked_axis(axis, rank));
  std::sort(checked.begin(), checked.end());
  if (std::adjacent_find(checked.begin(), checked.end()) != checked.end())
    throw Error("it names an axis twice; right is once");
  return checked;
}

/// Axes have been an input since opset 13.
std::optional<std::vector<int64_t>> axes_of(const Step& step) {
  return step.opset() < 13 ? step.integers("axes") : step.integers_from("axes", 1);
}

/// What a Reshape asks for: 0 keeps a size, one -1 takes what is left.
Shape resolve(const Shape& from, const std::vector<int64_t>& wanted, bool zero_is_zero) {
  const auto wrong = [&] {
    return Error(
        fmt::format("it makes shape {} of {}; right is as many elements", to_text(wanted), to_text(from)));
  };
  Shape shape = wanted;
  int64_t known = 1;
  std::optional<size_t> open;
  if (wanted.size() > 8) throw wrong();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !zero_is_zero) {
      if (i >= from.size()) throw wrong();
      shape[i] = from[i];
    }
    if (shape[i] < -1 || (shape[i] == -1 && open)) throw wrong();
    if (shape[i] == -1)
      open = i;
    else if (__builtin_mul_overflow(known, shape[i], &known))
      throw wrong();
  }
  const int64_t count = element_count(from);
  if (open) {
    if (known == 0 || count % known != 0) throw wrong();
    shape[*open] = count / known;
  } else if (known != count) {
    throw wrong();
  }
  return shape;
}

/// Are elements in the same order after the permutation? Sizes of 1 do not matter.
bool keeps_order(const Shape& shape, const std::vector<size_t>& permutation) {
  size_t last = 0;
  for (size_t axis : permutation) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

void transpose_image(Step& step, const std::vector<size_t>& permutation) {
  Feature seen = step.any_feature(0);
  const Shape& own = step.layer(seen).shape;
  const Shape full = full_shape(step, 0);
  const std::vector<size_t> to_last = {0, 2, 3, 1}, to_first = {0, 3, 1, 2};
  const bool moves_last =
      permutation == to_last && !seen.channels_last && seen.shape == own && own.size() == 3;
  const bool moves_first = permutation == to_first && seen.channels_last && step.channel_axis(seen) == 2;
  if (permutation[0] != 0 || !(moves_last || moves_first || keeps_order(full, permutation)))
    throw Error(
        fmt::format("it moves axes of shape {} (the batch among it) to [{}]; right is from [batch, "
                    "channels, height, width] to [batch, height, width, channels] or back",
                    to_text(full), fmt::join(permutation, ", ")));
  if (moves_last) seen.channels_last = true;
  if (moves_first) seen.channels_last = false;
  for (size_t axis = 1; axis < permutation.size(); ++axis) seen.shape[axis - 1] = full[permutation[axis]];
  step.give(std::move(seen));
}

}  // namespace

void identity(Step& step) {
  // Dropout: its ratio does not matter where nothing is trained.
  if (step.node().type == "Dropout" && step.has(2)) {
    const Constant& training = step.constant(2);
    if (element_count(training.shape) != 1 || training.at(0) != 0)
      throw Error("it is in training mode; right is the form for inference");
  }
  step.is_constant(0) ? step.give(step.shared(0)) : step.give(step.any_feature(0));
}

void flatten(Step& step) {
  const Shape shape = full_shape(step, 0);
  const int64_t signed_axis = step.integer("axis", 1);
  const auto rank = static_cast<int64_t>(shape.size());
  const size_t axis = signed_axis == rank ? shape.size() : checked_axis(signed_axis, shape.size());
  const auto product = [](auto first, auto last) {
    return std::accumulate(first, last, int64_t{1}, std::multiplies<>());
  };
  give_as(step, {product(shape.begin(), shape.begin() + axis), product(shape.begin() + axis, shape.end())});
}

void reshape(Step& step) {
  const auto wanted = step.integers_from("shape", 1);
  give_as(step, resolve(full_shape(step, 0), *wanted, step.integer("allowzero", 0) != 0));
}

void squeeze(Step& step) {
  Shape shape = full_shape(step, 0);
  const auto given = axes_of(step);
  if (!given) throw Error("it names no axes, and the batch may be 1; right is to name them");
  const std::vector<size_t> axes = checked_axes(*given, shape.size());
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (shape[*axis] != 1) throw Error(fmt::format("axis {} has size {}; right is 1", *axis, shape[*axis]));
    shape.erase(shape.begin() + *axis);
  }
  if (!step.is_constant(0) && !axes.empty() && axes[0] == 0)
    throw Error("it takes the batch away; right is to keep it");
  give_as(step, std::move(shape));
}

void unsqueeze(Step& step) {
  Shape shape = full_shape(step, 0);
  const auto given = axes_of(step);
  if (!given || given->size() > 8) throw Error("its axes are missing, or too many; right is 1 to 8");
  for (size_t axis : checked_axes(*given, shape.size() + given->size()))
    shape.insert(shape.begin() + axis, 1);
  if (shape.size() > 8) throw Error(fmt::format("it makes {} dimensions; right is at most 8", shape.size()));
  give_as(step, std::move(shape));
}

void transpose(Step& step) {
  const size_t rank = full_shape(step, 0).size();
  std::vector<int64_t> reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  std::vector<size_t> permutation;
  for (int64_t axis : step.integers("perm").value_or(reversed))
    permutation.push_back(checked_axis(axis, rank));
  std::vector<bool> seen(rank, false);
  for (size_t axis : permutation) seen[axis] = true;
  if (permutation.size() != rank || std::find(seen.begin(), seen.end(), false) != seen.end())
    throw Error(fmt::format("attribute 'perm' is [{}]; right is each of {} axes once",
                            fmt::join(permutation, ", "), rank));
  if (step.is_constant(0)) return step.give(transposed(step, step.constant(0), permutation));
  transpose_image(step, permutation);
}

void concatenate(Step& step) {
  if (!step.has("axis")) throw Error("attribute 'axis' is missing; right is to give it");
  const int64_t signed_axis = step.integer("axis", 1);
  if (step.all_constant()) {
    std::vector<SharedConstant> parts;
    for (size_t i = 0; i < step.input_count(); ++i) parts.push_back(step.shared(i));
    return step.give(joined(step, parts, signed_axis));
  }
  Feature whole = step.with_channels(step.feature(0));
  const size_t axis = checked_axis(signed_axis, whole.shape.size() + 1);
  std::vector<size_t> layers;
  int64_t channels = 0;
  for (size_t i = 0; i < step.input_count(); ++i) {
    const Feature part = step.with_channels(step.feature(i));
    const std::optional<size_t> channel_axis = step.channel_axis(part);
    if (!channel_axis || axis != *channel_axis + 1 || part.shape.size() != whole.shape.size() ||
        part.channels_last != whole.channels_last)
      throw Error(
          fmt::format("it joins shape {} (without the batch) along axis {}; right is the axis of the "
                      "channels",
                      to_text(part.shape), axis));
    layers.push_back(part.layer);
    channels += part.shape[*channel_axis];
  }
  whole.layer = step.add(Concatenation{}, std::move(layers));
  whole.shape[axis - 1] = channels;
  step.give(std::move(whole));
}

void cast(Step& step) {
  // Numbers of data types as in TensorProto.
  constexpr int64_t to_float = 1, to_int32 = 6, to_int64 = 7, to_half = 10, to_double = 11, to_bfloat16 = 16;
  const int64_t to = step.integer("to", 0);
  const bool real = to == to_float || to == to_half || to == to_double || to == to_bfloat16;
  if (!real && to != to_int32 && to != to_int64)
    throw Error(fmt::format("it casts to data type {}; right is a real number, int32 or int64", to));
  if (!step.is_constant(0)) {
    if (!real) throw Error("it casts the image to integers; right is real numbers");
    return step.give(step.feature(0));
  }
  const Constant& from = step.constant(0);
  step.spend(element_count(from.shape));
  Constant cast{real ? NumberType::float32 : NumberType::int64, from.shape, {}, {}};
  for (int64_t i = 0; i < element_count(from.shape); ++i) {
    if (real) {
      cast.reals.push_back(static_cast<float>(from.at(i)));
    } else if (from.is_integer()) {
      cast.integers.push_back(from.integers[i]);
    } else {
      if (!(std::abs(from.at(i)) < 0x1p62)) throw Error("it casts a number to an integer beyond 2^62");
      cast.integers.push_back(static_cast<int64_t>(from.at(i)));
    }
  }
  step.give(std::move(cast));
}

}  // namespace bitsweep::onnx
