// Arithmetic in 512-bit registers: AVX-512 and what came on top of it.
#include "harness/ceilings/kernels.h"
#include "harness/ceilings/loop.h"

namespace bitsweep {
namespace {

#define BITSWEEP_FOURTEEN "0,1,2,3,4,5,6,7,8,9,10,11,12,13"
#define BITSWEEP_ALL_ZMM                                                                                     \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
      "xmm13", "xmm14", "xmm15", "xmm16", "xmm17"

constexpr int64_t sums = 14;  // registers 0 to 13; the best cores need 12: two units, six cycles
constexpr float factor = 1.5F;
constexpr int32_t bytes = 0x0b16212c;      // four int8 numbers
constexpr int32_t bf16_pair = 0x3fc03fc0;  // 1.5 twice
constexpr int32_t fp16_pair = 0x3e003e00;  // 1.5 twice

/// Multiply-adds of 16 fp32.
BITSWEEP_LOOP(fp32, "avx512f", "vbroadcastss", factor, "vfmadd231ps", "zmm", BITSWEEP_FOURTEEN,
              BITSWEEP_ALL_ZMM)

/// u8 × s8 of 64 pairs without VNNI, as in 256 bits.
__attribute__((target("avx512bw"))) void int8(int64_t rounds) {
  const int16_t one = 1;
  asm volatile(
      "vzeroall\n\t"
      "vpbroadcastd %[bytes], %%zmm14\n\t"
      "vpbroadcastd %[bytes], %%zmm15\n\t"
      "vpbroadcastw %[one], %%zmm16\n\t"
      "1:\n\t"
      ".irp sum, " BITSWEEP_FOURTEEN
      "\n\t"
      "vpmaddubsw %%zmm14, %%zmm15, %%zmm17\n\t"
      "vpmaddwd %%zmm16, %%zmm17, %%zmm17\n\t"
      "vpaddd %%zmm17, %%zmm\\sum, %%zmm\\sum\n\t"
      ".endr\n\t"
      "dec %[rounds]\n\t"
      "jnz 1b\n\t"
      "vzeroupper\n\t"
      : [rounds] "+r"(rounds)
      : [bytes] "m"(bytes), [one] "m"(one)
      : BITSWEEP_ALL_ZMM, "cc");
}

/// u8 × s8 of 64 pairs in one instruction.
BITSWEEP_LOOP(int8_vnni, "avx512vnni", "vpbroadcastd", bytes, "vpdpbusd", "zmm", BITSWEEP_FOURTEEN,
              BITSWEEP_ALL_ZMM)

/// 32 pairs of bf16, summed in fp32.
BITSWEEP_LOOP(bf16, "avx512bf16", "vpbroadcastd", bf16_pair, "vdpbf16ps", "zmm", BITSWEEP_FOURTEEN,
              BITSWEEP_ALL_ZMM)

/// Multiply-adds of 32 fp16. The sums stop growing at 4,608, where 2.25 is half a step: far from infinity.
BITSWEEP_LOOP(fp16, "avx512fp16", "vpbroadcastd", fp16_pair, "vfmadd231ph", "zmm", BITSWEEP_FOURTEEN,
              BITSWEEP_ALL_ZMM)

}  // namespace

std::vector<ArithmeticKernel> avx512_kernels() {
  return {
      {"fp32", "avx512", {"avx512f"}, sums * 16, fp32},
      {"int8", "avx512bw", {"avx512f", "avx512bw"}, sums * 64, int8},
      {"int8", "avx512_vnni", {"avx512f", "avx512_vnni"}, sums * 64, int8_vnni},
      {"bf16", "avx512_bf16", {"avx512f", "avx512_bf16"}, sums * 32, bf16},
      {"fp16", "avx512_fp16", {"avx512f", "avx512_fp16"}, sums * 32, fp16},
  };
}

}  // namespace bitsweep
