#include "harness/formats/onnx/constants.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/onnx/operators.h"

namespace bitsweep::onnx {
namespace {

int64_t product(Shape::const_iterator first, Shape::const_iterator last) {
  return std::accumulate(first, last, int64_t{1}, std::multiplies<>());
}

/// The values along one axis for a Slice, as indices.
std::vector<int64_t> range_of(int64_t start, int64_t end, int64_t stride, int64_t size) {
  if (stride == 0) throw Error("it has a step of 0; right is another step");
  const auto from_front = [&](int64_t position) { return position < 0 ? position + size : position; };
  if (size == 0) return {};
  const bool forward = stride > 0;
  start = std::clamp<int64_t>(from_front(start), 0, forward ? size : size - 1);
  end = std::clamp<int64_t>(from_front(end), forward ? 0 : -1, forward ? size : size - 1);
  stride = std::clamp(stride, -size - 1, size + 1);
  std::vector<int64_t> indices;
  for (int64_t i = start; forward ? i < end : i > end; i += stride) indices.push_back(i);
  return indices;
}

template <class Values>
Constant list_of(NumberType type, const Values& values, Shape shape) {
  Constant list{type, std::move(shape), {}, {}};
  if (list.is_integer())
    list.integers.assign(values.begin(), values.end());
  else
    list.reals.assign(values.begin(), values.end());
  return list;
}

}  // namespace

Constant reshaped(Step& step, const Constant& from, Shape shape) {
  return rearranged(step, from, std::move(shape), [](int64_t i) { return i; });
}

Constant taken(Step& step, const Constant& from, size_t axis, const std::vector<int64_t>& indices) {
  const int64_t size = from.shape[axis], inner = product(from.shape.begin() + axis + 1, from.shape.end());
  for (int64_t index : indices)
    if (index < -size || index >= size)
      throw Error(
          fmt::format("index {} is beyond {} elements; right is {} to {}", index, size, -size, size - 1));
  Shape shape = from.shape;
  const auto count = static_cast<int64_t>(indices.size());
  shape[axis] = count;
  return rearranged(step, from, std::move(shape), [&, size, inner, count](int64_t i) {
    const int64_t index = indices[i / inner % count];
    return (i / (inner * count) * size + (index < 0 ? index + size : index)) * inner + i % inner;
  });
}

Constant transposed(Step& step, const Constant& from, const std::vector<size_t>& permutation) {
  const size_t rank = from.shape.size();
  Shape strides(rank, 1), shape;
  for (size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * from.shape[axis];
  for (size_t axis : permutation) shape.push_back(from.shape[axis]);
  return rearranged(step, from, shape, [&](int64_t i) {
    int64_t index = 0;
    for (size_t axis = rank; axis-- > 0; i /= shape[axis])
      index += i % shape[axis] * strides[permutation[axis]];
    return index;
  });
}

Constant joined(Step& step, const std::vector<SharedConstant>& parts, int64_t signed_axis) {
  const Constant& first = *parts[0];
  const size_t axis = checked_axis(signed_axis, first.shape.size());
  Constant whole{first.type, first.shape, {}, {}};
  whole.shape[axis] = 0;
  for (const SharedConstant& part : parts) {
    Shape like_first = part->shape;
    if (like_first.size() == first.shape.size()) like_first[axis] = first.shape[axis];
    if (like_first != first.shape || part->is_integer() != first.is_integer())
      throw Error(
          fmt::format("its inputs have shapes {} and {}; right is shapes that differ in one axis only",
                      to_text(first.shape), to_text(part->shape)));
    step.spend(element_count(part->shape));
    whole.shape[axis] += part->shape[axis];
  }
  const int64_t outer = product(first.shape.begin(), first.shape.begin() + axis);
  const auto append = [&](auto& to, const auto& from, int64_t row) {
    const auto size = static_cast<int64_t>(from.size()) / outer;
    to.insert(to.end(), from.begin() + row * size, from.begin() + (row + 1) * size);
  };
  for (int64_t row = 0; row < outer; ++row)
    for (const SharedConstant& part : parts)
      whole.is_integer() ? append(whole.integers, part->integers, row)
                         : append(whole.reals, part->reals, row);
  return whole;
}

// ---- The operators
// -------------------------------------------------------------------------------------------------------

void constant(Step& step) {
  if (step.node().attributes.size() != 1) throw Error("it has no value, or several; right is one");
  const auto& [name, value] = *step.node().attributes.begin();
  const auto size_of = [](const auto& list) { return Shape{static_cast<int64_t>(list.size())}; };
  if (name == "value") {
    const Constant& tensor = step.tensor("value");
    step.spend(element_count(tensor.shape));
    return step.give(tensor);
  }
  if (name == "value_int")
    return step.give(list_of(NumberType::int64, std::vector{step.integer("value_int", 0)}, {}));
  if (name == "value_float")
    return step.give(list_of(NumberType::float32, std::vector{step.real("value_float", 0)}, {}));
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&value); integers && name == "value_ints")
    return step.give(list_of(NumberType::int64, *integers, size_of(*integers)));
  if (const auto* reals = std::get_if<std::vector<float>>(&value); reals && name == "value_floats")
    return step.give(list_of(NumberType::float32, *reals, size_of(*reals)));
  throw Error(fmt::format("attribute '{}' is of another kind; right is what its name says", name));
}

void constant_of_shape(Step& step) {
  const Constant& sizes = step.constant(0);
  if (sizes.type != NumberType::int64 || sizes.shape.size() != 1 || sizes.shape[0] > 8)
    throw Error(
        fmt::format("its input has shape {}; right is a list of at most 8 sizes", to_text(sizes.shape)));
  int64_t count = 1;
  for (int64_t size : sizes.integers)
    if (size < 0 || __builtin_mul_overflow(count, size, &count))
      throw Error(
          fmt::format("shape {} is impossible; right is one that fits into memory", to_text(sizes.integers)));
  step.spend(count);
  Constant made{NumberType::float32, sizes.integers, {}, {}};
  double value = 0;
  if (step.has("value")) {
    const Constant& given = step.tensor("value");
    if (element_count(given.shape) != 1)
      throw Error(fmt::format("its value has shape {}; right is one number", to_text(given.shape)));
    made.type = given.type;
    value = given.at(0);
    if (given.is_integer()) return made.integers.assign(count, given.integers[0]), step.give(std::move(made));
  }
  made.reals.assign(count, static_cast<float>(value));
  step.give(std::move(made));
}

/// Of an image the file's batch is told, 1 where it leaves it open.
void shape_of(Step& step) {
  Shape shape;
  if (step.is_constant(0)) {
    shape = step.constant(0).shape;
  } else {
    shape = step.any_feature(0).shape;
    shape.insert(shape.begin(), step.batch());
  }
  const auto rank = static_cast<int64_t>(shape.size());
  const auto from_front = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const int64_t start = from_front(step.integer("start", 0)), end = from_front(step.integer("end", rank));
  const Shape part(shape.begin() + start, shape.begin() + std::max(start, end));
  step.give(list_of(NumberType::int64, part, {static_cast<int64_t>(part.size())}));
}

void gather(Step& step) {
  const Constant &from = step.constant(0), &indices = step.constant(1);
  if (!indices.is_integer()) throw Error("its indices are real numbers; right is integers");
  const size_t axis = checked_axis(step.integer("axis", 0), from.shape.size());
  Constant found = taken(step, from, axis, indices.integers);
  // The axis is replaced by those of the indices: none for a single one.
  found.shape.erase(found.shape.begin() + axis);
  found.shape.insert(found.shape.begin() + axis, indices.shape.begin(), indices.shape.end());
  step.give(std::move(found));
}

void slice(Step& step) {
  const bool by_attributes = step.opset() < 10;
  const auto list = [&](const char* name, size_t input) {
    return by_attributes ? step.integers(name) : step.integers_from(name, input);
  };
  const auto starts = list("starts", 1), ends = list("ends", 2), axes = list("axes", 3);
  const auto strides = by_attributes ? std::nullopt : step.integers_from("steps", 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (strides && strides->size() != starts->size()))
    throw Error(
        "its starts, ends, axes and steps differ in number, or are missing; right is one for each axis");
  step.spend(element_count(step.constant(0).shape));
  Constant part = step.constant(0);
  for (size_t i = 0; i < starts->size(); ++i) {
    const size_t axis = checked_axis(axes ? (*axes)[i] : static_cast<int64_t>(i), part.shape.size());
    const int64_t size = part.shape[axis];
    part = taken(step, part, axis, range_of((*starts)[i], (*ends)[i], strides ? (*strides)[i] : 1, size));
  }
  step.give(std::move(part));
}

}  // namespace bitsweep::onnx
