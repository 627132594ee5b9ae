// The images that are fed while it is timed: more than the caches hold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/datasets/datasets.h"

namespace bitsweep {

/// Batches of test images, round and round. Where the images fit into the caches, copies of them lie at other
/// addresses, so that no batch is read from a cache that only a benchmark would have warmed.
class InputPool {
 public:
  /// Copies whole rounds of the images until there are at least `least_bytes`. `images`, which must hold one
  /// batch or more, is only referred to where it is large enough. Throws std::bad_alloc.
  InputPool(const Samples& images, int64_t batch, int64_t least_bytes);

  /// Batches until the addresses repeat, and until the images do; the latter divides the former.
  int64_t size() const { return copies_ * distinct_; }
  int64_t distinct() const { return distinct_; }
  int64_t bytes() const { return size() * batch_elements_ * static_cast<int64_t>(sizeof(float)); }

  /// Batch `index` modulo size(), [batch, image]: images (index modulo distinct()) · batch and following.
  std::span<const float> operator[](int64_t index) const;

 private:
  int64_t distinct_, batch_elements_, copies_ = 1;
  std::span<const float> images_;
  std::vector<float> copied_;  ///< empty where one copy is enough
};

}  // namespace bitsweep
