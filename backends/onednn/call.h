// A primitive with its arguments bound, so that executing it builds and allocates nothing.
#pragma once

#include <vector>

#include "backends/onednn/adapter.h"

namespace bitsweep::onednn {

class Call {
 public:
  Call(dnnl::primitive primitive, const std::vector<BoundMemory>& arguments);

  /// Throws dnnl::error.
  void execute(const dnnl::stream& stream) const {
    dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), stream.get(),
                                                   static_cast<int>(arguments_.size()), arguments_.data()),
                            "could not execute a primitive");
  }

 private:
  dnnl::primitive primitive_;
  std::vector<memory> kept_;  ///< owners of what arguments_ points to
  std::vector<dnnl_exec_arg_t> arguments_;
};

}  // namespace bitsweep::onednn
