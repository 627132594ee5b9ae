#include "harness/training/batches.h"

#include <algorithm>
#include <numeric>

#include "harness/shuffle.h"

namespace bitsweep {

Batches::Batches(const Samples& samples, const Recipe& recipe)
    : samples_(samples),
      recipe_(recipe),
      random_(static_cast<uint64_t>(recipe.seed)),
      order_(static_cast<size_t>(samples.count)),
      images_(static_cast<size_t>(recipe.batch * element_count(samples.shape))),
      labels_(static_cast<size_t>(recipe.batch)) {
  std::iota(order_.begin(), order_.end(), int64_t{0});
}

void Batches::begin_epoch() {
  shuffle(order_, random_);
  ++epoch_;
  if (recipe_.crop > 0 || recipe_.flip) draw_views();
}

/// From a generator of its own, so that augmentation leaves the order of the images as it is.
void Batches::draw_views() {
  std::mt19937_64 random(static_cast<uint64_t>(recipe_.seed) + (epoch_ << 32));
  const auto shift = [&] {
    return static_cast<int64_t>(random() % (2 * static_cast<uint64_t>(recipe_.crop) + 1)) - recipe_.crop;
  };
  views_.resize(order_.size());
  for (View& view : views_) {
    view.down = shift();
    view.right = shift();
    view.mirrored = recipe_.flip && random() % 2 == 1;
  }
}

Batches::Batch Batches::batch(int64_t step) {
  const int64_t size = element_count(samples_.shape);
#pragma omp parallel for num_threads(recipe_.threads)
  for (int64_t place = 0; place < recipe_.batch; ++place) {
    const int64_t position = step * recipe_.batch + place;
    const int64_t image = order_[position];
    copy(image, views_.empty() ? View{} : views_[position], &images_[place * size]);
    labels_[place] = samples_.labels[image];
  }
  return {images_, labels_};
}

void Batches::copy(int64_t image, const View& view, float* to) const {
  const float* from = samples_.values.data() + image * element_count(samples_.shape);
  if (samples_.shape.size() != 3 || (view.down == 0 && view.right == 0 && !view.mirrored)) {
    std::copy_n(from, element_count(samples_.shape), to);
    return;
  }
  const int64_t channels = samples_.shape[0], height = samples_.shape[1], width = samples_.shape[2];
  for (int64_t row = 0; row < channels * height; ++row, to += width) {
    const int64_t source_row = row % height + view.down;
    const bool outside = source_row < 0 || source_row >= height;
    const float* line = from + (row / height * height + source_row) * width;
    for (int64_t column = 0; column < width; ++column) {
      const int64_t source = (view.mirrored ? width - 1 - column : column) + view.right;
      to[column] = outside || source < 0 || source >= width ? 0 : line[source];
    }
  }
}

}  // namespace bitsweep
