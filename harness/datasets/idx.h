// IDX, the file format of MNIST: two zero bytes, type, number of dimensions, sizes as big-endian 32-bit
// numbers, data. Source: the page of the MNIST database, "file format".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/network.h"

namespace bitsweep {

struct IdxFile {
  Shape shape;
  std::vector<uint8_t> values;
};

/// Reads unsigned bytes; the file may be compressed with gzip. Throws Error, naming the file, if it is
/// missing, of another type, truncated, or longer than its header says.
IdxFile read_idx(const std::string& path);

}  // namespace bitsweep
