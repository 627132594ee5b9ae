// The only #if over engines.
#include "backends/backends.h"

#ifdef BITSWEEP_ONEDNN
#include "backends/onednn/onednn.h"
#endif

namespace bitsweep {

const std::vector<Backend>& backends() {
  static const std::vector<Backend> table = {
      reference_backend(),
#ifdef BITSWEEP_ONEDNN
      onednn_backend(),
#endif
  };
  return table;
}

}  // namespace bitsweep
