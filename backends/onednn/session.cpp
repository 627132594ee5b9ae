#include "backends/onednn/session.h"

#include <algorithm>
#include <chrono>

#include <omp.h>

#include "backends/onednn/steps.h"

namespace bitsweep::onednn {
namespace {

using Clock = std::chrono::steady_clock;

class OnednnSession : public Session {
 public:
  OnednnSession(const Network& network, const SessionRequest& request)
      : threads_(with_threads(request.threads)),
        engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        steps_(build_steps(engine_, stream_, network, request)) {
    for (const Layer& layer : network.layers()) {
      dnnl::memory::dims dims{request.batch};
      dims.insert(dims.end(), layer.shape.begin(), layer.shape.end());
      shapes_.push_back(dims);
    }
  }

  void infer(std::span<const float> input, std::span<float> output) override {
    bind(input, output);
    for (Step& step : steps_.steps) step.primitive.execute(stream_, step.arguments);
    stream_.wait();
  }

  void trace(std::span<const float> input, const Observer& observe) override {
    std::vector<float> output(steps_.output.get_desc().get_size() / sizeof(float));
    bind(input, output);
    size_t next = 0;  // layers that have no step (the input, a flattened value) are there with the step before them
    const auto show_until = [&](size_t end) {
      for (; next < end; ++next) show(next, observe);
    };
    for (Step& step : steps_.steps) {
      if (step.completes) show_until(*step.completes);
      step.primitive.execute(stream_, step.arguments);
      stream_.wait();
      if (step.completes) show_until(*step.completes + 1);
    }
    show_until(shapes_.size());
  }

  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override {
    std::vector<float> output(steps_.output.get_desc().get_size() / sizeof(float));
    bind(input, output);
    std::vector<std::vector<double>> times(steps_.steps.size());
    for (int repetition = 0; repetition < repetitions; ++repetition)
      for (size_t i = 0; i < steps_.steps.size(); ++i) {
        const auto begin = Clock::now();
        steps_.steps[i].primitive.execute(stream_, steps_.steps[i].arguments);
        stream_.wait();
        times[i].push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
      }
    std::vector<LayerRecord> records;
    for (size_t i = 0; i < steps_.steps.size(); ++i) {
      const auto middle = times[i].begin() + static_cast<std::ptrdiff_t>(times[i].size() / 2);
      std::nth_element(times[i].begin(), middle, times[i].end());
      records.push_back(steps_.steps[i].record);
      records.back().time_ns = *middle;
    }
    return records;
  }

  int64_t weight_bytes() const override { return steps_.weight_bytes; }
  int64_t activation_bytes() const override { return steps_.arena.bytes(); }

 private:
  /// oneDNN plans for the number of threads that is set when a primitive is made, and uses the one set when it is executed.
  static int with_threads(int threads) {
    omp_set_num_threads(threads);
    return threads;
  }

  void bind(std::span<const float> input, std::span<float> output) {
    omp_set_num_threads(threads_);
    for (dnnl::memory& view : steps_.inputs) view.set_data_handle(const_cast<float*>(input.data()));
    steps_.output.set_data_handle(output.data());
  }

  /// Gives the observer a layer's value as plain fp32.
  void show(size_t layer, const Observer& observe) {
    using dnnl::memory;
    const Value& value = steps_.values[layer];
    const memory::dims& dims = shapes_[layer];
    int64_t elements = 1;
    for (const int64_t size : dims) elements *= size;
    std::vector<float> plain(static_cast<size_t>(elements));
#if DNNL_VERSION_MAJOR >= 3
    const memory::dims stored = value.memory.get_desc().get_dims();
#else
    const memory::dims stored = value.memory.get_desc().dims();
#endif
    constexpr memory::format_tag tags[] = {memory::format_tag::a, memory::format_tag::ab, memory::format_tag::abc, memory::format_tag::abcd};
    const memory to({stored, memory::data_type::f32, tags[stored.size() - 1]}, engine_, plain.data());
    const Kernel kernel = reorder(engine_, value.memory.get_desc(), to.get_desc(), value.scale);
    Arguments arguments = kernel.arguments;
    arguments.emplace(DNNL_ARG_FROM, value.memory);
    arguments.emplace(DNNL_ARG_TO, to);
    kernel.primitive.execute(stream_, arguments);
    stream_.wait();
    observe(layer, plain);
  }

  int threads_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  Steps steps_;
  std::vector<dnnl::memory::dims> shapes_;  ///< of each layer, with the batch
};

}  // namespace

std::unique_ptr<Session> prepare(const Network& network, const SessionRequest& request) {
  return std::make_unique<OnednnSession>(network, request);
}

}  // namespace bitsweep::onednn
