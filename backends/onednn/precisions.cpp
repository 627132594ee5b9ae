#include "backends/onednn/precisions.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "harness/machine.h"

namespace bitsweep::onednn {
namespace {

bool cpu_has(const std::string& extension) {
  const std::vector<std::string> isa = inspect_machine().isa;
  return std::find(isa.begin(), isa.end(), extension) != isa.end();
}

/// Whether the CPU computes in the precision with instructions of its own, and the engine uses them.
bool native(const EngineFeatures& features, Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return true;
    case Precision::tf32:
      return false;
    case Precision::bf16:
      return features.bf16;
    case Precision::fp16:
      return features.fp16;
    case Precision::int8:
      return features.int8;
  }
  return false;
}

/// Whether the engine has kernels that store the precision and compute in fp32.
bool emulated(const EngineFeatures& features, Precision precision) {
  if (native(features, precision)) return false;
  return (precision == Precision::bf16 && features.emulated_bf16) ||
         (precision == Precision::fp16 && features.emulated_fp16);
}

/// What the CPU would need for a precision.
const char* wanted_instructions(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "sse4_1";
    case Precision::tf32:
      return "TF32";
    case Precision::bf16:
      return "avx512_bf16 and amx_bf16";
    case Precision::fp16:
      return "avx512_fp16";
    case Precision::int8:
      return "avx2";
  }
  return "";
}

}  // namespace

std::optional<std::string> emulation(const EngineFeatures& features, Precision precision) {
  if (!emulated(features, precision)) return std::nullopt;
  return fmt::format("CPU lacks {}: oneDNN emulates {} with fp32 instructions",
                     wanted_instructions(precision), to_text(precision));
}

std::optional<std::string> lacking_instructions(const EngineFeatures& features, Precision precision,
                                                bool allow_emulation) {
  if (native(features, precision)) return std::nullopt;
  if (emulated(features, precision)) {
    if (allow_emulation) return std::nullopt;
    return fmt::format(
        "CPU lacks {}: oneDNN would emulate {} with fp32 instructions; right is another precision, or "
        "measure: {{allow: [emulation]}}",
        wanted_instructions(precision), to_text(precision));
  }
  if (precision == Precision::fp16 && cpu_has("avx512_fp16"))
    return fmt::format("oneDNN {} has no fp16 kernels for CPUs; version 3 has", library_version());
  if (precision == Precision::int8) return "CPU lacks avx2: oneDNN has no fast int8 kernels for it";
  if (precision == Precision::tf32) return "no CPU computes in TF32; right is a GPU (backend cuda)";
  return fmt::format("CPU lacks {}: oneDNN has no {} kernels for it, not even emulated ones",
                     wanted_instructions(precision), to_text(precision));
}

}  // namespace bitsweep::onednn
