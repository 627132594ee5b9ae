#include "backends/onednn/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include <omp.h>

#include "backends/onednn/arena.h"
#include "backends/onednn/call.h"
#include "backends/onednn/layouts.h"
#include "backends/onednn/numbers.h"
#include "backends/onednn/plan.h"
#include "harness/statistics.h"

namespace bitsweep::onednn {
namespace {

/// oneDNN decides by the number of OpenMP threads at creation and expects the same at execution.
dnnl::engine engine_for(int threads) {
  omp_set_num_threads(threads);
  return {dnnl::engine::kind::cpu, 0};
}

/// When each buffer is alive; those of the caller need no place.
std::vector<BufferLife> lives(const Plan& plan) {
  std::vector<BufferLife> found(plan.buffers.size());
  for (size_t step = plan.steps.size(); step-- > 0;)
    for (const Argument& argument : plan.steps[step].activations) {
      BufferLife& life = found[argument.value.buffer];
      if (plan.buffers[argument.value.buffer].storage != Storage::arena) continue;
      if (life.bytes == 0) life.last_step = step;
      life.bytes = plan.buffers[argument.value.buffer].bytes;
      life.first_step = step;
    }
  return found;
}

size_t largest_scratchpad(const Plan& plan) {
  size_t bytes = 0;
  for (const Step& step : plan.steps) bytes = std::max(bytes, step.executed.scratchpad.get_size());
  return bytes;
}

/// Each rounded up to a multiple of `multiple`.
size_t bytes_of_constants(const Plan& plan, size_t multiple = 1) {
  size_t bytes = 0;
  for (const Step& step : plan.steps)
    for (const auto& [name, constant] : step.constants)
      bytes += rounded_up(constant.get_desc().get_size(), multiple);
  return bytes;
}

class OnednnSession : public Session {
 public:
  OnednnSession(const Network& network, const SessionRequest& request)
      : threads_(request.threads),
        engine_(engine_for(request.threads)),
        stream_(engine_),
        plan_(make_plan(engine_, network, request)),
        placement_(place(lives(plan_))),
        scratchpad_bytes_(rounded_up(largest_scratchpad(plan_), cache_line)),
        memory_(placement_.bytes + scratchpad_bytes_ + bytes_of_constants(plan_, cache_line)) {
    move_constants();
    for (const Step& step : plan_.steps) calls_.emplace_back(step.executed.primitive, arguments(step));
  }

  void infer(std::span<const float> input, std::span<float> output) override {
    attach(input, output);
    for (const Call& call : calls_) call.execute(stream_);
    stream_.wait();
  }

  void trace(std::span<const float> input, const Observer& observe) override;
  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override;

  int64_t weight_bytes() const override { return static_cast<int64_t>(bytes_of_constants(plan_)); }
  int64_t activation_bytes() const override {
    return static_cast<int64_t>(placement_.bytes + scratchpad_bytes_);
  }
  std::optional<double> packed_zero_share() const override;

 private:
  /// To memory_; each is released as soon as it is moved.
  void move_constants();
  std::vector<BoundMemory> arguments(const Step& step);
  void* address_of(const Value& value) const;
  /// Points the plan's first and last steps to the caller's memory.
  void attach(std::span<const float> input, std::span<float> output);
  std::vector<float> own_output() const;
  std::vector<float> dequantized(const Value& value);

  int threads_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  Plan plan_;
  Placement placement_;
  size_t scratchpad_bytes_;
  AlignedMemory memory_;                            ///< activations, then the scratchpad, then constants
  float* input_ = nullptr;                          ///< the caller's, see attach()
  float* output_ = nullptr;                         ///< the caller's
  std::vector<memory> input_users_, output_users_;  ///< arguments that lie with the caller
  std::vector<Call> calls_;
};

void OnednnSession::move_constants() {
  std::byte* to = memory_.data() + placement_.bytes + scratchpad_bytes_;
  for (Step& step : plan_.steps)
    for (auto& [name, constant] : step.constants) {
      const size_t bytes = constant.get_desc().get_size();
      std::memcpy(to, constant.get_data_handle(), bytes);
      constant = memory(constant.get_desc(), engine_, to);
      to += rounded_up(bytes, cache_line);
    }
}

std::optional<double> OnednnSession::packed_zero_share() const {
  size_t zeros = 0, all = 0;
  for (const Step& step : plan_.steps)
    for (const auto& [name, constant] : step.constants) {
      if (name != DNNL_ARG_WEIGHTS || step.record.macs == 0) continue;
      const std::span packed(static_cast<const std::byte*>(constant.get_data_handle()),
                             constant.get_desc().get_size());
      const size_t size = size_of(data_type_of(constant.get_desc()));
      for (size_t number = 0; number + size <= packed.size(); number += size) {
        const auto bytes = packed.subspan(number, size);
        zeros += std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
        ++all;
      }
    }
  if (all == 0) return std::nullopt;
  return static_cast<double>(zeros) / static_cast<double>(all);
}

void* OnednnSession::address_of(const Value& value) const {
  switch (plan_.buffers[value.buffer].storage) {
    case Storage::input:
      return input_;
    case Storage::output:
      return output_;
    case Storage::arena:
      break;
  }
  return memory_.data() + placement_.offsets[value.buffer];
}

std::vector<BoundMemory> OnednnSession::arguments(const Step& step) {
  std::vector<BoundMemory> bound = step.constants;
  bound.insert(bound.end(), step.executed.scales.begin(), step.executed.scales.end());
  for (const auto& [name, value] : step.activations) {
    bound.emplace_back(name, memory(value.stored.layout, engine_, address_of(value)));
    const Storage storage = plan_.buffers[value.buffer].storage;
    if (storage == Storage::input) input_users_.push_back(bound.back().second);
    if (storage == Storage::output) output_users_.push_back(bound.back().second);
  }
  if (step.executed.scratchpad.get_size() > 0)
    bound.emplace_back(DNNL_ARG_SCRATCHPAD,
                       memory(step.executed.scratchpad, engine_, memory_.data() + placement_.bytes));
  return bound;
}

void OnednnSession::attach(std::span<const float> input, std::span<float> output) {
  omp_set_num_threads(threads_);
  input_ = const_cast<float*>(input.data());  // only read, but oneDNN has no memory for that
  output_ = output.data();
  for (memory& user : input_users_) user.set_data_handle(input_);
  for (memory& user : output_users_) user.set_data_handle(output_);
}

std::vector<float> OnednnSession::own_output() const {
  for (const Buffer& buffer : plan_.buffers)
    if (buffer.storage == Storage::output) return std::vector<float>(buffer.bytes / sizeof(float));
  return {};
}

/// As fp32, row-major.
std::vector<float> OnednnSession::dequantized(const Value& value) {
  const Operand plain = {row_major(dims_of(value.stored.layout), memory::data_type::f32), {}};
  std::vector<float> values(plain.layout.get_size() / sizeof(float));
  const Operator executed = reorder(engine_, value.stored, plain);
  std::vector<BoundMemory> bound = executed.scales;
  AlignedMemory scratchpad(executed.scratchpad.get_size());
  bound.emplace_back(DNNL_ARG_FROM, memory(value.stored.layout, engine_, address_of(value)));
  bound.emplace_back(DNNL_ARG_TO, memory(plain.layout, engine_, values.data()));
  bound.emplace_back(DNNL_ARG_SCRATCHPAD, memory(executed.scratchpad, engine_, scratchpad.data()));
  Call(executed.primitive, bound).execute(stream_);
  stream_.wait();
  return values;
}

void OnednnSession::trace(std::span<const float> input, const Observer& observe) {
  std::vector<float> output = own_output();
  attach(input, output);
  size_t steps = 0;
  for (size_t layer = 0; layer < plan_.observations.size(); ++layer) {
    for (; steps < plan_.observations[layer].steps; ++steps) calls_[steps].execute(stream_);
    observe(layer, dequantized(plan_.observations[layer].value));
  }
}

std::vector<LayerRecord> OnednnSession::profile(std::span<const float> input, int repetitions) {
  using Clock = std::chrono::steady_clock;
  std::vector<float> output = own_output();
  attach(input, output);
  std::vector<std::vector<int64_t>> times_ns(calls_.size());
  for (int repetition = 0; repetition < repetitions; ++repetition)
    for (size_t step = 0; step < calls_.size(); ++step) {
      const Clock::time_point begin = Clock::now();
      calls_[step].execute(stream_);
      stream_.wait();
      times_ns[step].push_back(
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
    }
  std::vector<LayerRecord> records;
  for (size_t step = 0; step < calls_.size(); ++step) {
    records.push_back(plan_.steps[step].record);
    records.back().time_ns = median(times_ns[step]);
  }
  return records;
}

}  // namespace

std::unique_ptr<Session> prepare_session(const Network& network, const SessionRequest& request) {
  return std::make_unique<OnednnSession>(network, request);
}

}  // namespace bitsweep::onednn
