// The only #if over the ONNX library.
#include "harness/formats/onnx.h"

#ifdef BITSWEEP_ONNX
#include "harness/formats/onnx/file.h"
#include "harness/formats/onnx/tidy.h"
#include "harness/formats/onnx/translation.h"
#include "harness/formats/onnx/writer.h"
#else
#include "harness/error.h"
#endif

namespace bitsweep {

#ifdef BITSWEEP_ONNX

Network read_onnx(const std::string& path) {
  return onnx::tidy(onnx::translate(onnx::read_file(path), path));
}

void write_onnx(const std::string& path, const Network& network, const OnnxExport& with) {
  onnx::write(path, network, with);
}

#else

namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw Error(
      path +
      ": this bitsweep was built without ONNX; install libonnx-dev and libprotobuf-dev and build again");
}

}  // namespace

Network read_onnx(const std::string& path) {
  refuse(path);
}

void write_onnx(const std::string& path, const Network&, const OnnxExport&) {
  refuse(path);
}

#endif

}  // namespace bitsweep
