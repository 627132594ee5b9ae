// What this node can do at most: the ceilings that a layer's time is held against (see roofline.h). Those of
// a CPU are measured here, those of a GPU by its backend.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/machine.h"

namespace bitsweep {

/// Multiply-accumulates in registers, all threads together; of a GPU in the best product of large matrices.
struct Arithmetic {
  std::string precision;  ///< fp32, bf16, fp16, int8; also tf32 and fp8 of a GPU
  std::string isa;        ///< e.g. "avx2", "avx512_vnni", "amx_bf16", "cublasLt"
  double macs_per_s = 0;

  bool operator==(const Arithmetic&) const = default;
};

/// Reading a working set over and over, all threads together, each its own part; of a GPU reading or copying
/// it, whichever moves more, and then bytes read and written count.
struct Bandwidth {
  int64_t working_set = 0;  ///< bytes, of all threads
  double bytes_per_s = 0;

  bool operator==(const Bandwidth&) const = default;
};

/// Between the memory of a device and that of the host.
struct Transfer {
  std::string direction;  ///< "host to device", "device to host"
  double bytes_per_s = 0;

  bool operator==(const Transfer&) const = default;
};

struct Ceilings {
  int threads = 0;                     ///< of a CPU
  std::vector<Arithmetic> arithmetic;  ///< only what this CPU or device has instructions for
  /// Ascending: from what fits the first level of cache to at least 256 MiB and 4 times the last level,
  /// bounded by a quarter of the memory.
  std::vector<Bandwidth> bandwidth;
  std::string measured;  ///< UTC, ISO 8601
  /// What disturbed each time that these were measured, the last few times; empty once it was quiet: only
  /// then nothing else can have kept them low.
  std::vector<std::string> disturbed = {};
  std::string device = {};               ///< name of a GPU; empty: the CPU
  std::vector<Transfer> transfers = {};  ///< of a device, page-locked memory

  bool operator==(const Ceilings&) const = default;
};

void to_json(nlohmann::json& json, const Ceilings& ceilings);
void from_json(const nlohmann::json& json, Ceilings& ceilings);

/// Measures for about 2 s. Each ceiling is the maximum over many short repetitions, because neighbours
/// disturb and a ceiling is what is possible. Throws Error if this process has fewer cores than that, for
/// what is measured then is how threads wait for one another, or if OpenMP does not give that many threads.
Ceilings measure_ceilings(int threads);

/// Each ceiling from where it is higher; what only one of the two has is kept. Both are for the same device
/// and number of threads. Disturbed only if both are.
///
/// 2026-11-25: a quiet measurement takes the mark away but does not lower what a disturbed one reached. Load
/// can only make a repetition slower, and its time is from the first thread's beginning to the last one's
/// end: what was reached once is possible.
Ceilings highest(const Ceilings& left, const Ceilings& right);

/// Times that disturbed ceilings are measured before they are taken as they are: their maxima are then as
/// good as such a node gives.
constexpr size_t disturbed_attempts = 3;

/// Those of cache()/ceilings/<machine class>.json for this number of threads; where there are none, or they
/// cannot be read, measured and stored; where they are disturbed, and were not yet measured often enough,
/// measured again and raised. A cache that cannot be written is no error.
Ceilings ceilings(const Machine& machine, int threads);

/// The same for a device of that name, which `measure` measures.
Ceilings ceilings(const Machine& machine, const std::string& device,
                  const std::function<Ceilings()>& measure);

/// Stores ceilings that were measured again: the highest of each stays. Returns what is then stored, or would
/// be if the cache could be written.
Ceilings raise_ceilings(const Machine& machine, const Ceilings& measured);

/// Why the next process will not find these, in one sentence; nothing if it will.
std::optional<std::string> why_not_stored(const Machine& machine, const Ceilings& raised);

}  // namespace bitsweep
