#include "tests/places.h"

namespace bitsweep {

std::string source_dir() {
  return BITSWEEP_SOURCE_DIR;
}

std::string program() {
  return BITSWEEP_PROGRAM;
}

std::string faulty_child() {
  return BITSWEEP_FAULTY_CHILD;
}

std::string planted_nvml() {
  return BITSWEEP_PLANTED_NVML;
}

}  // namespace bitsweep
