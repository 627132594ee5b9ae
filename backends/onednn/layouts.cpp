#include "backends/onednn/layouts.h"

namespace bitsweep::onednn {

memory::desc row_major(const memory::dims& dims, memory::data_type type) {
  memory::dims strides(dims.size(), 1);
  for (size_t dim = dims.size() - 1; dim-- > 0;) strides[dim] = strides[dim + 1] * dims[dim + 1];
  return {dims, type, strides};
}

memory::desc channels_last(const memory::dims& dims, memory::data_type type) {
  if (dims.size() != 4) return row_major(dims, type);
  return {dims, type, memory::format_tag::nhwc};
}

memory::dims with_batch(int64_t batch, const Shape& shape) {
  memory::dims dims = {batch};
  dims.insert(dims.end(), shape.begin(), shape.end());
  return dims;
}

Geometry geometry_of(const Window& window) {
  const auto dims = [](const std::array<int64_t, 2>& sizes) {
    return memory::dims(sizes.begin(), sizes.end());
  };
  return {dims(window.kernel),
          dims(window.stride),
          {window.dilation[0] - 1, window.dilation[1] - 1},
          dims(window.padding_begin),
          dims(window.padding_end)};
}

Geometry whole_image(const Shape& image) {
  return {{image[1], image[2]}, {1, 1}, {0, 0}, {0, 0}, {0, 0}};
}

}  // namespace bitsweep::onednn
