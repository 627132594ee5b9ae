#include "harness/denormals.h"

#include <pmmintrin.h>
#include <xmmintrin.h>

namespace bitsweep {

void flush_denormals(int threads) {
#pragma omp parallel num_threads(threads)
  {
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
  }
}

int threads_that_flush(int threads) {
  int flushing = 0;
#pragma omp parallel num_threads(threads) reduction(+ : flushing)
  flushing += _MM_GET_FLUSH_ZERO_MODE() == _MM_FLUSH_ZERO_ON &&
              _MM_GET_DENORMALS_ZERO_MODE() == _MM_DENORMALS_ZERO_ON;
  return flushing;
}

}  // namespace bitsweep
