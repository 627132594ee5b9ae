// Layouts of tensors whose sizes are known, and windows as oneDNN counts them.
#pragma once

#include "backends/onednn/adapter.h"
#include "harness/network.h"

namespace bitsweep::onednn {

/// Whatever the number of dimensions: NCHW for images, NC for vectors.
memory::desc row_major(const memory::dims& dims, memory::data_type type);

/// NHWC for images, NC for vectors; as oneDNN's int8 and AMX kernels have it.
memory::desc channels_last(const memory::dims& dims, memory::data_type type);

/// [batch, shape]
memory::dims with_batch(int64_t batch, const Shape& shape);

Geometry geometry_of(const Window& window);

/// The window that covers a whole image [channels, height, width].
Geometry whole_image(const Shape& image);

}  // namespace bitsweep::onednn
