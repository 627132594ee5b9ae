// Constants computed from constants, such as the shapes that PyTorch's older exports work out.
#pragma once

#include <vector>

#include "harness/formats/onnx/translation.h"

namespace bitsweep::onnx {

/// Elements of `from` in another order: element i of the result is from[index(i)].
template <class Index>
Constant rearranged(Step& step, const Constant& from, Shape shape, Index&& index) {
  const int64_t count = element_count(shape);
  step.spend(count);
  Constant to{from.type, std::move(shape), {}, {}};
  const auto fill = [&](auto& target, const auto& source) {
    target.resize(count);
    for (int64_t i = 0; i < count; ++i) target[i] = source.at(index(i));
  };
  from.is_integer() ? fill(to.integers, from.integers) : fill(to.reals, from.reals);
  return to;
}

/// The same elements under another shape.
Constant reshaped(Step& step, const Constant& from, Shape shape);

/// The slices `indices` along an axis; they count from the end where negative.
Constant taken(Step& step, const Constant& from, size_t axis, const std::vector<int64_t>& indices);

Constant transposed(Step& step, const Constant& from, const std::vector<size_t>& permutation);

/// The constants behind each other along an axis.
Constant joined(Step& step, const std::vector<SharedConstant>& parts, int64_t axis);

}  // namespace bitsweep::onnx
