// What an engine offers. The harness owns this file because it is the customer; the adapters lie in
// backends/.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/ceilings.h"
#include "harness/network.h"
#include "harness/run.h"

namespace bitsweep {

/// How a session is to be prepared.
struct SessionRequest {
  Precision precision = Precision::fp32;
  int64_t batch = 1;          ///< images an inference
  int threads = 1;            ///< OpenMP threads
  std::vector<Range> ranges;  ///< of each layer's output, index as in the network; filled for int8 only
  bool allow_emulation =
      false;  ///< a precision that this CPU lacks may be computed with others' instructions
};

/// The evidence of one layer: what really ran.
struct LayerRecord {
  std::string name;
  std::string kind;            ///< kind(layer), or "reorder", "quantize", ... for what the engine adds
  std::string implementation;  ///< as the engine names it, e.g. "brgconv:avx512_core_bf16"
  std::string data_types;      ///< source, weights, destination, e.g. "u8:s8:u8"; "f32::f32" without weights
  double time_ns = 0;          ///< median in context: executed between its neighbours
  int64_t macs = 0;            ///< of the batch
  int64_t bytes = 0;           ///< read and written by the layer at least, of the batch
  std::string isa = {};  ///< instruction set of the implementation, e.g. "avx512_core_vnni"; empty: unknown
  std::string layouts =
      {};               ///< source, weights, destination, as letters of dimensions, e.g. "acdb:Acdb16a:acdb"
  double bound_ns = 0;  ///< least time that this machine's ceilings allow; 0: unknown
  bool memory_bound = false;  ///< whether that is by memory, not arithmetic
};

/// A network made ready on an engine. The session that is timed is the session that is scored.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// One batch. input: [batch, input shape] fp32, row-major (NCHW); output: [batch, output shape] fp32.
  /// Converting from and to the engine's layout and precision is part of it.
  virtual void infer(std::span<const float> input, std::span<float> output) = 0;

  /// Called once for each layer of the network in order with its output, [batch, layer shape] fp32,
  /// row-major.
  using Observer = std::function<void(size_t layer, std::span<const float> output)>;

  /// As infer, and shows what each layer gave; not for timing.
  virtual void trace(std::span<const float> input, const Observer& observe) = 0;

  /// As infer, `repetitions` times, each step timed: what ran, in order of execution.
  virtual std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) = 0;

  /// Bytes of the packed weights and of the activations that the session holds.
  virtual int64_t weight_bytes() const = 0;
  virtual int64_t activation_bytes() const = 0;

  /// Of the packed weights of layers with multiply-accumulates, as they lie in memory: share of the numbers
  /// that are zero. Nothing for an engine that does not show them.
  virtual std::optional<double> packed_zero_share() const { return std::nullopt; }
};

/// A library and its version, e.g. {"oneDNN", "2.6.3"}.
struct Library {
  std::string name;
  std::string version;
};

/// What an engine computes on that is not the CPU.
struct Device {
  std::string name;      ///< as in Ceilings::device, e.g. "NVIDIA H100 80GB HBM3"; empty: there is none
  std::string why_none;  ///< in words, e.g. "no CUDA device: no GPU driver"; empty if there is one
};

/// A row of the table of backends.
struct Backend {
  std::string name;
  std::string meaning;
  bool judge = false;  ///< computes plainly in fp32: its outputs are what the others are judged by
  /// Why this network cannot be run so on this machine, in words; nothing if it can.
  std::optional<std::string> (*why_not)(const Network&, const SessionRequest&) = nullptr;
  /// `network` is in inference form (see fuse()) and may be dropped afterwards. Throws Error if the engine
  /// refuses.
  std::unique_ptr<Session> (*prepare)(const Network&, const SessionRequest&) = nullptr;
  std::vector<Library> (*libraries)() = nullptr;
  /// With what other instructions this machine would compute the precision, in words: the label of a session
  /// that allow_emulation let through. Nothing where the CPU has its own; null for an engine that never
  /// emulates.
  std::optional<std::string> (*emulation)(Precision) = nullptr;
  /// Of an engine that does not compute on the CPU; null for those that do.
  Device (*device)() = nullptr;
  /// Measures that device, for some seconds; null where `device` is. Throws Error if there is none.
  Ceilings (*measure_ceilings)() = nullptr;
};

}  // namespace bitsweep
