// Arithmetic in 256-bit registers: AVX2 with FMA, and AVX-VNNI.
#include "harness/ceilings/kernels.h"
#include "harness/ceilings/loop.h"

namespace bitsweep {
namespace {

#define BITSWEEP_TWELVE "0,1,2,3,4,5,6,7,8,9,10,11"
#define BITSWEEP_ALL_YMM                                                                                     \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", \
      "xmm13", "xmm14", "xmm15"

constexpr int64_t sums = 12;  // registers 0 to 11; the best cores need 10: two units, five cycles
constexpr float factor = 1.5F;
constexpr int32_t bytes = 0x0b16212c;  // four int8 numbers

/// Multiply-adds of 8 fp32.
BITSWEEP_LOOP(fp32, "avx2,fma", "vbroadcastss", factor, "vfmadd231ps", "ymm", BITSWEEP_TWELVE,
              BITSWEEP_ALL_YMM)

/// u8 × s8 of 32 pairs: pairs summed to 16 bits, these to 32 bits, these to the sum. It is how oneDNN
/// computes int8 where there is no VNNI.
__attribute__((target("avx2"))) void int8(int64_t rounds) {
  const int16_t one = 1;
  asm volatile(
      "vzeroall\n\t"
      "vpbroadcastd %[bytes], %%ymm14\n\t"
      "vpbroadcastd %[bytes], %%ymm15\n\t"
      "vpbroadcastw %[one], %%ymm13\n\t"
      "1:\n\t"
      ".irp sum, " BITSWEEP_TWELVE
      "\n\t"
      "vpmaddubsw %%ymm14, %%ymm15, %%ymm12\n\t"
      "vpmaddwd %%ymm13, %%ymm12, %%ymm12\n\t"
      "vpaddd %%ymm12, %%ymm\\sum, %%ymm\\sum\n\t"
      ".endr\n\t"
      "dec %[rounds]\n\t"
      "jnz 1b\n\t"
      "vzeroupper\n\t"
      : [rounds] "+r"(rounds)
      : [bytes] "m"(bytes), [one] "m"(one)
      : BITSWEEP_ALL_YMM, "cc");
}

/// u8 × s8 of 32 pairs in one instruction. Its short (VEX) form: the long one is AVX512-VNNI with VL.
BITSWEEP_LOOP(int8_vnni, "avx2", "vpbroadcastd", bytes, "%{vex%} vpdpbusd", "ymm", BITSWEEP_TWELVE,
              BITSWEEP_ALL_YMM)

}  // namespace

std::vector<ArithmeticKernel> avx2_kernels() {
  return {
      {"fp32", "avx2", {"avx2", "fma"}, sums * 8, fp32},
      {"int8", "avx2", {"avx2"}, sums * 32, int8},
      {"int8", "avx_vnni", {"avx2", "avx_vnni"}, sums * 32, int8_vnni},
  };
}

}  // namespace bitsweep
