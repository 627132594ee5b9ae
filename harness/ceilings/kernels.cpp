#include "harness/ceilings/kernels.h"

#include <algorithm>

namespace bitsweep {
namespace {

bool has_all(const std::vector<std::string>& isa, const std::vector<std::string>& needs) {
  return std::all_of(needs.begin(), needs.end(), [&](const std::string& extension) {
    return std::find(isa.begin(), isa.end(), extension) != isa.end();
  });
}

}  // namespace

std::vector<ArithmeticKernel> arithmetic_kernels(const std::vector<std::string>& isa) {
  std::vector<ArithmeticKernel> kernels;
  for (const auto family : {avx2_kernels, avx512_kernels, amx_kernels})
    for (ArithmeticKernel& kernel : family())
      if (has_all(isa, kernel.needs) && (kernel.permitted == nullptr || kernel.permitted()))
        kernels.push_back(std::move(kernel));
  return kernels;
}

}  // namespace bitsweep
