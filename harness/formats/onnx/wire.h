// An ONNX file as a stream of bytes, before protobuf makes objects of it. [protobuf]
#pragma once

#include <cstdint>

#include <google/protobuf/io/zero_copy_stream.h>

namespace bitsweep::onnx {

/// How many objects protobuf would make of an ONNX model: messages, texts, blocks of bytes, and fields that
/// it does not know. An empty one takes two bytes of a file and some hundred bytes of memory.
///   returns  the number, or `most` + 1 as soon as it is more than `most`; -1 if the stream is no ONNX model
int64_t count_objects(google::protobuf::io::ZeroCopyInputStream& stream, int64_t most);

}  // namespace bitsweep::onnx
