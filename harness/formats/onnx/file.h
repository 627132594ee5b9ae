// An ONNX file → a checked graph. [protobuf]
#pragma once

#include <string>

#include "harness/formats/onnx/graph.h"

namespace bitsweep::onnx {

/// Throws Error, naming the file and what in it, if it is no ONNX file, broken, or beyond what bitsweep reads
/// (several inputs or outputs, subgraphs, functions, other domains, other opsets than 7 to 21).
Graph read_file(const std::string& path);

}  // namespace bitsweep::onnx
