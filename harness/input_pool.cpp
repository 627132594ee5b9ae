#include "harness/input_pool.h"

#include <algorithm>
#include <stdexcept>

namespace bitsweep {

InputPool::InputPool(const Samples& images, int64_t batch, int64_t least_bytes)
    : distinct_(images.count / batch),
      batch_elements_(batch * element_count(images.shape)),
      images_(images.values.data(), static_cast<size_t>(distinct_ * batch_elements_)) {
  if (distinct_ < 1) throw std::invalid_argument("fewer images than a batch; right is one batch or more");
  const auto round_bytes = static_cast<int64_t>(images_.size_bytes());
  copies_ = std::max<int64_t>(1, (least_bytes + round_bytes - 1) / round_bytes);
  if (copies_ == 1) return;
  copied_.reserve(images_.size() * static_cast<size_t>(copies_));
  for (int64_t copy = 0; copy < copies_; ++copy)
    copied_.insert(copied_.end(), images_.begin(), images_.end());
}

std::span<const float> InputPool::operator[](int64_t index) const {
  const std::span<const float> all = copies_ == 1 ? images_ : std::span<const float>(copied_);
  return all.subspan(static_cast<size_t>(index % size() * batch_elements_),
                     static_cast<size_t>(batch_elements_));
}

}  // namespace bitsweep
