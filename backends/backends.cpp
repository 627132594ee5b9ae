// The only #if over engines.
#include "backends/backends.h"

#include "backends/training.h"

#ifdef BITSWEEP_CUDA
#include "backends/cuda/cuda.h"
#endif
#ifdef BITSWEEP_ONEDNN
#include "backends/onednn/onednn.h"
#include "backends/onednn/training.h"
#endif

namespace bitsweep {

const std::vector<Backend>& backends() {
  static const std::vector<Backend> table = {
      reference_backend(),
#ifdef BITSWEEP_ONEDNN
      onednn_backend(),
#endif
#ifdef BITSWEEP_CUDA
      cuda_backend(),
#endif
  };
  return table;
}

Train trainer() {
#ifdef BITSWEEP_ONEDNN
  return onednn::train;
#else
  return nullptr;
#endif
}

}  // namespace bitsweep
