#include "backends/onednn/call.h"

#include <utility>

namespace bitsweep::onednn {

Call::Call(dnnl::primitive primitive, const std::vector<BoundMemory>& arguments)
    : primitive_(std::move(primitive)) {
  for (const auto& [name, bound] : arguments) {
    kept_.push_back(bound);
    arguments_.push_back({name, bound.get()});
  }
}

}  // namespace bitsweep::onednn
