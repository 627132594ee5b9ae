// Loops that do nothing but what a ceiling counts. One file a family of instructions, one table of each kind.
//
// They are assembly, so that a debug build measures the same ceilings and no compiler can simplify them away;
// each has as many independent sums as registers allow, for only then is throughput, not latency, the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bitsweep {

/// Multiplies and adds in registers.
struct ArithmeticKernel {
  std::string precision;           ///< fp32, bf16, fp16, int8
  std::string isa;                 ///< for people, e.g. "avx512_vnni"
  std::vector<std::string> needs;  ///< all of these are in Machine::isa
  int64_t macs = 0;                ///< multiply-accumulates a round
  void (*run)(int64_t rounds) = nullptr;
  /// Asks the system once for what the instructions need; false: it refuses. nullptr: they need nothing.
  bool (*permitted)() = nullptr;
};

std::vector<ArithmeticKernel> avx2_kernels();
std::vector<ArithmeticKernel> avx512_kernels();
std::vector<ArithmeticKernel> amx_kernels();

/// Those that can run on a CPU with these extensions.
std::vector<ArithmeticKernel> arithmetic_kernels(const std::vector<std::string>& isa);

/// Reads memory into registers.
struct ReadingKernel {
  std::string isa;  ///< the extension it needs, as in Machine::isa; empty: every x86-64 has it
  /// begin: aligned to 64 bytes; bytes: a multiple of reading_step, above 0.
  void (*run)(const std::byte* begin, int64_t bytes) = nullptr;
};

/// Bytes that a reading kernel takes in a round.
constexpr int64_t reading_step = 512;

/// The one with the widest registers that a CPU with these extensions has.
ReadingKernel reading_kernel(const std::vector<std::string>& isa);

}  // namespace bitsweep
