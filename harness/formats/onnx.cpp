// The only #if over the ONNX library.
#include "harness/formats/onnx.h"

#include <fmt/format.h>

#include "harness/error.h"

#ifdef BITSWEEP_ONNX
#include "harness/formats/onnx/file.h"
#include "harness/formats/onnx/tidy.h"
#include "harness/formats/onnx/translation.h"
#endif

namespace bitsweep {

#ifdef BITSWEEP_ONNX

Network read_onnx(const std::string& path) {
  return onnx::tidy(onnx::translate(onnx::read_file(path), path));
}

#else

Network read_onnx(const std::string& path) {
  throw Error(fmt::format(
      "{}: this bitsweep was built without ONNX; install libonnx-dev and libprotobuf-dev and build "
      "again",
      path));
}

#endif

}  // namespace bitsweep
