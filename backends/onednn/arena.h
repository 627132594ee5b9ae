// Memory of activations: buffers whose value nobody reads any more serve again.
#pragma once

#include <cstdint>
#include <list>

#include <oneapi/dnnl/dnnl.hpp>

namespace bitsweep::onednn {

class Arena {
 public:
  explicit Arena(const dnnl::engine& engine) : engine_(engine) {}

  /// A memory of this description in a free buffer, or in a new one whose pages are all touched.
  dnnl::memory take(const dnnl::memory::desc& description);
  /// The buffer that starts at this address may serve again; unknown addresses (the user's memory) are ignored.
  void give_back(const void* address);

  int64_t bytes() const;

 private:
  struct Buffer {
    dnnl::memory memory;
    int64_t bytes = 0;
    bool free = false;
  };

  dnnl::engine engine_;
  std::list<Buffer> buffers_;
};

}  // namespace bitsweep::onednn
