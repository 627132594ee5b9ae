#include "backends/onednn/weights.h"

#include <algorithm>

#include "backends/onednn/layouts.h"
#include "harness/compression/quantization.h"

namespace bitsweep::onednn {
memory::dims weight_dims(const Tensor& weights, int64_t groups) {
  memory::dims dims(weights.shape.begin(), weights.shape.end());
  if (groups > 1) {
    dims[0] /= groups;
    dims.insert(dims.begin(), groups);
  }
  return dims;
}

Weights::Weights(const Tensor& weights, memory::dims dims, memory::data_type type, int largest)
    : weights_(weights), dims_(std::move(dims)) {
  if (type != memory::data_type::s8) return;
  QuantizedWeights quantized = quantize_per_channel(weights, largest);
  quantized_ = std::move(quantized.values);
  scales_ = std::move(quantized.scale);
}

memory Weights::pack(const dnnl::engine& engine, const memory::desc& layout) const {
  const bool quantized = !quantized_.empty();
  // oneDNN takes pointers to what it only reads as void*.
  void* values = quantized ? static_cast<void*>(const_cast<int8_t*>(quantized_.data()))
                           : static_cast<void*>(const_cast<float*>(weights_.values.data()));
  memory plain(row_major(dims_, quantized ? memory::data_type::s8 : memory::data_type::f32), engine, values);
  memory packed(layout, engine);
  dnnl::stream stream(engine);
  dnnl::reorder(plain, packed).execute(stream, plain, packed);
  stream.wait();
  return packed;
}

memory pack_bias(const dnnl::engine& engine, const std::vector<float>& bias) {
  memory packed({{static_cast<memory::dim>(bias.size())}, memory::data_type::f32, memory::format_tag::a},
                engine);
  std::copy(bias.begin(), bias.end(), static_cast<float*>(packed.get_data_handle()));
  return packed;
}

}  // namespace bitsweep::onednn
