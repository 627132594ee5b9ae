// The judge: every operation in plain fp32, nothing packed, nothing reordered.
#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "backends/backends.h"
#include "backends/reference_kernels.h"
#include "harness/error.h"
#include "harness/statistics.h"

namespace bitsweep {
namespace {

constexpr int64_t value_bytes = sizeof(float);

/// Which buffer holds each layer's output. Layers share a buffer where one is read no more before the other
/// is written.
struct BufferPlan {
  std::vector<size_t> buffer_of;  ///< of each layer
  std::vector<int64_t> sizes;     ///< elements of one image in each buffer
};

BufferPlan plan_buffers(const std::vector<Layer>& layers) {
  std::vector<size_t> last_reader(layers.size());
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    last_reader[layer] = layer;
    for (size_t input : layers[layer].inputs) last_reader[input] = layer;
  }
  BufferPlan plan;
  std::vector<size_t> free;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (free.empty()) free.push_back(plan.sizes.size()), plan.sizes.push_back(0);
    plan.buffer_of.push_back(free.back());
    free.pop_back();
    int64_t& size = plan.sizes[plan.buffer_of.back()];
    size = std::max(size, element_count(layers[layer].shape));
    for (size_t read = 0; read <= layer; ++read)
      if (last_reader[read] == layer) free.push_back(plan.buffer_of[read]);
  }
  return plan;
}

/// An input of a layer.
struct Source {
  const Shape& shape;
  const float* values;
};

/// Executes one layer: x is its first input, second its second (null where there is none), y its output.
struct Step {
  const Shape& input;
  const Shape& output;
  reference::Extent extent;
  const float* x;
  const float* second;
  float* y;
  const std::vector<Source>& sources;

  void operator()(const Input&) const {}
  void operator()(const Convolution& layer) const {
    reference::convolution(layer, input, output, extent, x, second, y);
  }
  void operator()(const Linear& layer) const { reference::linear(layer, extent, x, y); }
  void operator()(const BatchNormalization& layer) const {
    reference::batch_normalization(layer, output, extent, x, y);
  }
  void operator()(const Activation& layer) const {
    reference::activation(layer, element_count(output), extent, x, y);
  }
  void operator()(const Add& layer) const {
    reference::add(layer, element_count(output), extent, x, second, y);
  }
  void operator()(const Multiply&) const {
    reference::multiply(output, sources[1].shape, extent, x, second, y);
  }
  void operator()(const Concatenation&) const {
    int64_t channel = 0;
    for (const Source& source : sources) {
      reference::join(source.shape, output, channel, extent, source.values, y);
      channel += source.shape[0];
    }
  }
  void operator()(const MaxPool& layer) const { reference::max_pool(layer, input, output, extent, x, y); }
  void operator()(const AveragePool& layer) const {
    reference::average_pool(layer, input, output, extent, x, y);
  }
  void operator()(const GlobalAveragePool&) const { reference::global_average_pool(input, extent, x, y); }
  void operator()(const Flatten&) const { std::copy(x, x + element_count(input) * extent.batch, y); }
  void operator()(const Softmax&) const { reference::softmax(output, extent, x, y); }
};

class ReferenceSession : public Session {
 public:
  ReferenceSession(const Network& network, const SessionRequest& request)
      : network_(network), extent_{request.batch, request.threads}, plan_(plan_buffers(network_.layers())) {
    for (int64_t size : plan_.sizes) buffers_.emplace_back(size * extent_.batch);
  }

  void infer(std::span<const float> input, std::span<float> output) override {
    run(input, [](size_t) {});
    const std::span<const float> last = values(network_.layers().size() - 1);
    if (output.size() != last.size())
      throw Error(fmt::format("reference: the output has room for {} values; right is {}", output.size(),
                              last.size()));
    std::copy(last.begin(), last.end(), output.begin());
  }

  void trace(std::span<const float> input, const Observer& observe) override {
    run(input, [&](size_t layer) { observe(layer, values(layer)); });
  }

  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override {
    using Clock = std::chrono::steady_clock;
    std::vector<std::vector<int64_t>> times(network_.layers().size());
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      Clock::time_point before = Clock::now();
      run(input, [&](size_t layer) {
        const Clock::time_point after = Clock::now();
        times[layer].push_back(std::chrono::nanoseconds(after - before).count());
        before = after;
      });
    }
    std::vector<LayerRecord> records;
    for (size_t layer = 1; layer < times.size(); ++layer) records.push_back(record(layer, times[layer]));
    return records;
  }

  int64_t weight_bytes() const override {
    int64_t count = 0;
    for (const Layer& layer : network_.layers()) count += tensor_elements(layer);
    return count * value_bytes;
  }

  int64_t activation_bytes() const override {
    int64_t count = 0;
    for (const std::vector<float>& buffer : buffers_) count += static_cast<int64_t>(buffer.size());
    return count * value_bytes;
  }

 private:
  static int64_t tensor_elements(const Layer& layer) {
    int64_t count = 0;
    for_each_tensor(layer.operation,
                    [&](const char*, const Tensor& tensor, bool) { count += element_count(tensor.shape); });
    return count;
  }

  std::span<float> values(size_t layer) {
    const size_t count = element_count(network_.layers()[layer].shape) * extent_.batch;
    return std::span(buffers_[plan_.buffer_of[layer]]).first(count);
  }

  /// One batch, layer by layer; done(layer) is called after each, while its output is still there.
  template <class Done>
  void run(std::span<const float> input, Done&& done) {
    const std::span<float> first = values(0);
    if (input.size() != first.size())
      throw Error(fmt::format("reference: the input has {} values; right is {}", input.size(), first.size()));
    std::copy(input.begin(), input.end(), first.begin());
    done(0);
    for (size_t layer = 1; layer < network_.layers().size(); ++layer) {
      execute(layer);
      done(layer);
    }
  }

  void execute(size_t index) {
    const Layer& layer = network_.layers()[index];
    std::vector<Source> sources;
    for (const size_t input : layer.inputs)
      sources.push_back({network_.layers()[input].shape, values(input).data()});
    std::visit(Step{sources[0].shape, layer.shape, extent_, sources[0].values,
                    sources.size() > 1 ? sources[1].values : nullptr, values(index).data(), sources},
               layer.operation);
  }

  LayerRecord record(size_t index, const std::vector<int64_t>& times) const {
    const Layer& layer = network_.layers()[index];
    const auto elements = [&](size_t of) {
      return element_count(network_.layers()[of].shape) * extent_.batch;
    };
    int64_t touched =
        elements(index) + tensor_elements(layer) +
        std::llround(share_of_input_read(network_, index) * static_cast<double>(elements(layer.inputs[0])));
    for (size_t other = 1; other < layer.inputs.size(); ++other) touched += elements(layer.inputs[other]);
    LayerRecord record;
    record.name = layer.name;
    record.kind = kind(layer);
    record.implementation = "reference:loops";
    record.data_types = network_.weights(index) ? "f32:f32:f32" : "f32::f32";
    record.layouts = layouts(index);
    record.time_ns = median(times);
    record.macs = macs(network_, index) * extent_.batch;
    record.bytes = touched * value_bytes;
    return record;
  }

  /// Everything is row-major: "abcd:abcd:abcd", a letter a dimension.
  std::string layouts(size_t index) const {
    const auto row_major = [](size_t dims) { return std::string("abcdef").substr(0, dims); };
    const Layer& layer = network_.layers()[index];
    const Tensor* weights = network_.weights(index);
    return fmt::format("{}:{}:{}", row_major(network_.layers()[layer.inputs[0]].shape.size() + 1),
                       weights ? row_major(weights->shape.size()) : "", row_major(layer.shape.size() + 1));
  }

  Network network_;
  reference::Extent extent_;
  BufferPlan plan_;
  std::vector<std::vector<float>> buffers_;
};

std::optional<std::string> why_not(const Network&, const SessionRequest& request) {
  if (request.precision == Precision::fp32) return std::nullopt;
  return fmt::format("the reference backend computes in fp32 only, to judge the others; {} needs an engine",
                     to_text(request.precision));
}

std::unique_ptr<Session> prepare(const Network& network, const SessionRequest& request) {
  if (const auto reason = why_not(network, request)) throw Error("reference: " + *reason);
  return std::make_unique<ReferenceSession>(network, request);
}

std::vector<Library> libraries() {
  return {{"OpenMP", std::to_string(_OPENMP)}};  // the year and month of the specification
}

}  // namespace

Backend reference_backend() {
  return {"reference", "plain fp32 loops; judges the others", true, why_not, prepare, libraries};
}

}  // namespace bitsweep
