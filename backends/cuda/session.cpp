#include "backends/cuda/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "backends/cuda/capture.h"
#include "backends/cuda/check.h"
#include "backends/cuda/device.h"
#include "backends/cuda/kernels.h"
#include "backends/cuda/memory.h"
#include "backends/cuda/plan.h"
#include "backends/cuda/stream.h"
#include "backends/lifetimes.h"
#include "harness/statistics.h"

namespace bitsweep::cuda {
namespace {

constexpr size_t alignment = 256;  ///< what cudaMalloc gives, and more than any load asks for

/// When each buffer is alive. The caller's input is there before the first step, its output behind the last.
std::vector<BufferLife> lives(const Plan& plan) {
  std::vector<BufferLife> found(plan.buffers.size());
  for (size_t buffer = 0; buffer < found.size(); ++buffer) found[buffer].bytes = plan.buffers[buffer];
  for (size_t step = plan.steps.size(); step-- > 0;) {
    found[plan.steps[step].writes].first_step = step;
    for (const size_t buffer : plan.steps[step].reads)
      found[buffer].last_step = std::max(found[buffer].last_step, step);
    found[plan.steps[step].writes].last_step = std::max(found[plan.steps[step].writes].last_step, step);
  }
  // What a step reads beside others must not be written over by them.
  for (const Step& step : plan.steps)
    if (step.joined_by)
      for (const size_t buffer : step.reads)
        found[buffer].last_step = std::max(found[buffer].last_step, *step.joined_by - 1);
  return found;
}

/// Copies on several threads: one alone reaches a fraction of the memory's bandwidth.
void copy_on_threads(const float* from, float* to, size_t count, int threads) {
  constexpr size_t worth_a_team = size_t{1} << 18;
  if (count < worth_a_team) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  const size_t part = (count + static_cast<size_t>(threads) - 1) / static_cast<size_t>(threads);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int thread = 0; thread < threads; ++thread) {
    const size_t begin = std::min(count, static_cast<size_t>(thread) * part);
    std::memcpy(to + begin, from + begin, std::min(count - begin, part) * sizeof(float));
  }
}

class CudaSession : public Session {
 public:
  CudaSession(const Network& network, const SessionRequest& request)
      : threads_(request.threads),
        plan_(make_plan(network, request)),
        placement_(place(lives(plan_), alignment)),
        activations_(placement_.bytes + 2 * rounded_up(plan_.workspace_bytes, alignment)),
        host_input_(plan_.buffers.front()),
        host_output_(plan_.buffers[plan_.output]) {
    for (const size_t offset : placement_.offsets) at_.buffers.push_back(activations_.data() + offset);
    at_.workspace = activations_.data() + placement_.bytes;
    upload_constants();
    beside_ = at_;
    beside_.workspace += rounded_up(plan_.workspace_bytes, alignment);
    check(cudaMemset(activations_.data(), 0, activations_.bytes()), "clear the activations");
    run_steps();  // loads the kernels
    stream_.wait();
    capture_faster();
  }

  void infer(std::span<const float> input, std::span<float> output) override {
    copy_on_threads(input.data(), host_input_.as<float>(), input.size(), threads_);
    moments_[0].record(stream_);
    to_device();
    moments_[1].record(stream_);
    inference_->launch(stream_);
    moments_[2].record(stream_);
    to_host();
    moments_[3].record(stream_);
    stream_.wait();
    copy_on_threads(host_output_.as<float>(), output.data(), output.size(), threads_);
  }

  std::vector<Part> parts() const override {
    return {{"host_to_device", nanoseconds_between(moments_[0], moments_[1])},
            {"compute", nanoseconds_between(moments_[1], moments_[2])},
            {"device_to_host", nanoseconds_between(moments_[2], moments_[3])}};
  }

  void trace(std::span<const float> input, const Observer& observe) override;
  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override;

  int64_t weight_bytes() const override { return static_cast<int64_t>(constants_.bytes()); }
  int64_t activation_bytes() const override { return static_cast<int64_t>(activations_.bytes()); }

  std::optional<double> packed_zero_share() const override {
    if (plan_.weights == 0) return std::nullopt;
    return static_cast<double>(plan_.zero_weights) / static_cast<double>(plan_.weights);
  }

 private:
  /// One block; what the host held is released.
  void upload_constants();
  void run_steps() {
    for (const Step& step : plan_.steps) step.run(at_, stream_.get());
  }
  /// The steps that may, beside the others.
  void run_side_by_side();
  /// Steps one by one, or some side by side: whichever this GPU does faster.
  void capture_faster();
  void to_device() const {
    check(cudaMemcpyAsync(at_.buffers.front(), host_input_.data(), plan_.buffers.front(),
                          cudaMemcpyHostToDevice, stream_.get()),
          "copy the input to the GPU");
  }
  void to_host() const {
    check(cudaMemcpyAsync(host_output_.data(), at_.buffers[plan_.output], plan_.buffers[plan_.output],
                          cudaMemcpyDeviceToHost, stream_.get()),
          "copy the output from the GPU");
  }
  void prepare_profile();
  std::vector<LayerRecord> records() const;

  int threads_;
  Plan plan_;
  Placement placement_;
  DeviceMemory activations_;  ///< and the workspace behind them
  DeviceMemory constants_;
  PinnedMemory host_input_, host_output_;
  Addresses at_, beside_;  ///< the same but for the workspace
  Stream stream_, side_stream_;
  Event forked_, joined_;
  Event moments_[4];
  std::optional<CapturedWork> inference_;
  std::vector<Event> between_;  ///< of the profile: before the first step, and behind each
  std::optional<CapturedWork> profiled_;
};

void CudaSession::run_side_by_side() {
  std::optional<size_t> join;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Step& step = plan_.steps[i];
    if (join == i) {
      check(cudaStreamWaitEvent(stream_.get(), joined_.get()), "wait for another stream");
      join.reset();
    }
    if (!step.joined_by) {
      step.run(at_, stream_.get());
      continue;
    }
    forked_.record(stream_);
    check(cudaStreamWaitEvent(side_stream_.get(), forked_.get()), "wait for another stream");
    step.run(beside_, side_stream_.get());
    joined_.record(side_stream_);
    join = step.joined_by;
  }
}

void CudaSession::capture_faster() {
  inference_.emplace(stream_, [this](cudaStream_t) { run_steps(); });
  const bool any = std::any_of(plan_.steps.begin(), plan_.steps.end(),
                               [](const Step& step) { return step.joined_by.has_value(); });
  if (!any) return;
  std::optional<CapturedWork> other;
  other.emplace(stream_, [this](cudaStream_t) { run_side_by_side(); });
  constexpr int rounds = 15;
  std::vector<int64_t> one_by_one, side_by_side;
  const auto time = [&](const CapturedWork& work, std::vector<int64_t>& times_ns) {
    moments_[0].record(stream_);
    work.launch(stream_);
    moments_[1].record(stream_);
    stream_.wait();
    times_ns.push_back(std::llround(nanoseconds_between(moments_[0], moments_[1])));
  };
  for (int round = 0; round < rounds; ++round) time(*inference_, one_by_one), time(*other, side_by_side);
  if (median(side_by_side) < median(one_by_one)) inference_ = std::move(other);
}

void CudaSession::upload_constants() {
  std::vector<size_t> offsets;
  size_t bytes = 0;
  for (const auto& constant : plan_.constants) {
    offsets.push_back(bytes);
    bytes += rounded_up(constant.size(), alignment);
  }
  constants_ = DeviceMemory(bytes);
  for (size_t i = 0; i < offsets.size(); ++i) {
    std::vector<std::byte>& constant = plan_.constants[i];
    at_.constants.push_back(constants_.data() + offsets[i]);
    check(cudaMemcpy(at_.constants.back(), constant.data(), constant.size(), cudaMemcpyHostToDevice),
          "copy weights to the GPU");
    constant = {};
  }
}

void CudaSession::trace(std::span<const float> input, const Observer& observe) {
  copy_on_threads(input.data(), host_input_.as<float>(), input.size(), threads_);
  to_device();
  size_t next = 0;
  for (size_t layer = 0; layer < plan_.values.size(); ++layer) {
    // A layer without a step of its own is a view of what the step before has written.
    const auto of_layer =
        std::find_if(plan_.steps.begin() + static_cast<std::ptrdiff_t>(next), plan_.steps.end(),
                     [&](const Step& step) { return step.layer == layer; });
    if (of_layer != plan_.steps.end()) {
      of_layer->run(at_, stream_.get());
      next = static_cast<size_t>(of_layer - plan_.steps.begin()) + 1;
    }
    if (layer == 0) {
      observe(layer, input);  // which may lie folded
      continue;
    }
    const auto& [buffer, images, number] = plan_.values[layer];
    const auto count = static_cast<size_t>(images.pixels() * images.channels);
    const DeviceMemory plain(count * sizeof(float));
    images_out(at_.buffers[buffer], plain.as<float>(), images, number, stream_.get());
    std::vector<float> shown(count);
    stream_.wait();
    check(cudaMemcpy(shown.data(), plain.data(), count * sizeof(float), cudaMemcpyDeviceToHost),
          "copy a layer's output from the GPU");
    observe(layer, shown);
  }
}

/// A graph like that of the inference, with a moment between any two steps: started step by step, the GPU
/// would wait for the host, and each layer seem slower than it is.
void CudaSession::prepare_profile() {
  if (profiled_) return;
  between_ = std::vector<Event>(plan_.steps.size() + 1);
  profiled_.emplace(stream_, [this](cudaStream_t stream) {
    const auto note = [&](const Event& moment) {
      check(cudaEventRecordWithFlags(moment.get(), stream, cudaEventRecordExternal),
            "record an event in a graph");
    };
    note(between_.front());
    for (size_t step = 0; step < plan_.steps.size(); ++step) {
      plan_.steps[step].run(at_, stream);
      note(between_[step + 1]);
    }
  });
}

std::vector<LayerRecord> CudaSession::records() const {
  const auto transfer = [](const char* name, size_t bytes) {
    LayerRecord record;
    record.name = name;
    record.kind = "transfer";
    record.implementation = "cudaMemcpyAsync";
    record.data_types = "f32::f32";
    record.layouts = "abcd::abcd";
    record.bytes = static_cast<int64_t>(bytes);
    return record;
  };
  std::vector<LayerRecord> all = {transfer("host to device", plan_.buffers.front())};
  for (const Step& step : plan_.steps) all.push_back(step.record);
  all.push_back(transfer("device to host", plan_.buffers[plan_.output]));
  all.push_back(transfer("into page-locked memory", plan_.buffers.front()));
  all.back().implementation = "bitsweep:copy_on_threads";
  return all;
}

std::vector<LayerRecord> CudaSession::profile(std::span<const float> input, int repetitions) {
  prepare_profile();
  std::vector<LayerRecord> all = records();
  std::vector<std::vector<int64_t>> times_ns(all.size());
  for (int i = 0; i < repetitions; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    copy_on_threads(input.data(), host_input_.as<float>(), input.size(), threads_);
    times_ns.back().push_back(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
    moments_[0].record(stream_);
    to_device();
    moments_[1].record(stream_);
    profiled_->launch(stream_);
    moments_[2].record(stream_);
    to_host();
    moments_[3].record(stream_);
    stream_.wait();
    const size_t steps = plan_.steps.size();
    times_ns.front().push_back(std::llround(nanoseconds_between(moments_[0], moments_[1])));
    for (size_t step = 0; step < steps; ++step)
      times_ns[step + 1].push_back(std::llround(nanoseconds_between(between_[step], between_[step + 1])));
    times_ns[steps + 1].push_back(std::llround(nanoseconds_between(moments_[2], moments_[3])));
  }
  for (size_t i = 0; i < all.size(); ++i) all[i].time_ns = median(times_ns[i]);
  return all;
}

}  // namespace

std::unique_ptr<Session> prepare_session(const Network& network, const SessionRequest& request) {
  device();
  return std::make_unique<CudaSession>(network, request);
}

}  // namespace bitsweep::cuda
