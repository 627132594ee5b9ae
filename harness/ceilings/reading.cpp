#include <algorithm>

#include "harness/ceilings/kernels.h"

namespace bitsweep {
namespace {

// Loads of a cache line at a time; nothing waits for what they bring.

void read_16(const std::byte* begin, int64_t bytes) {
  const std::byte* end = begin + bytes;
  asm volatile(
      "1:\n\t"
      ".irp line, 0,64,128,192,256,320,384,448\n\t"
      "movaps \\line(%[at]), %%xmm0\n\t"
      "movaps \\line+16(%[at]), %%xmm1\n\t"
      "movaps \\line+32(%[at]), %%xmm2\n\t"
      "movaps \\line+48(%[at]), %%xmm3\n\t"
      ".endr\n\t"
      "add %[step], %[at]\n\t"
      "cmp %[end], %[at]\n\t"
      "jb 1b\n\t"
      : [at] "+r"(begin)
      : [end] "r"(end), [step] "i"(reading_step)
      : "xmm0", "xmm1", "xmm2", "xmm3", "cc", "memory");
}

__attribute__((target("avx"))) void read_32(const std::byte* begin, int64_t bytes) {
  const std::byte* end = begin + bytes;
  asm volatile(
      "1:\n\t"
      ".irp line, 0,64,128,192,256,320,384,448\n\t"
      "vmovaps \\line(%[at]), %%ymm0\n\t"
      "vmovaps \\line+32(%[at]), %%ymm1\n\t"
      ".endr\n\t"
      "add %[step], %[at]\n\t"
      "cmp %[end], %[at]\n\t"
      "jb 1b\n\t"
      "vzeroupper\n\t"
      : [at] "+r"(begin)
      : [end] "r"(end), [step] "i"(reading_step)
      : "xmm0", "xmm1", "cc", "memory");
}

__attribute__((target("avx512f"))) void read_64(const std::byte* begin, int64_t bytes) {
  const std::byte* end = begin + bytes;
  asm volatile(
      "1:\n\t"
      ".irp line, 0,64,128,192,256,320,384,448\n\t"
      "vmovaps \\line(%[at]), %%zmm0\n\t"
      ".endr\n\t"
      "add %[step], %[at]\n\t"
      "cmp %[end], %[at]\n\t"
      "jb 1b\n\t"
      "vzeroupper\n\t"
      : [at] "+r"(begin)
      : [end] "r"(end), [step] "i"(reading_step)
      : "xmm0", "cc", "memory");
}

}  // namespace

ReadingKernel reading_kernel(const std::vector<std::string>& isa) {
  for (const ReadingKernel& kernel : {ReadingKernel{"avx512f", read_64}, ReadingKernel{"avx", read_32}})
    if (std::find(isa.begin(), isa.end(), kernel.isa) != isa.end()) return kernel;
  return {"", read_16};
}

}  // namespace bitsweep
