#include "harness/formats/onnx/wire.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>

namespace bitsweep::onnx {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

/// Follows messages into each other, and skips all that is no message.
class ObjectCount {
 public:
  ObjectCount(google::protobuf::io::CodedInputStream& stream, int64_t most) : stream_(stream), most_(most) {}

  /// Reads one message to its end. False if it is none, or there are more objects than `most`.
  bool read(const Descriptor& message, int depth) {
    if (depth > most_depth) return false;
    while (const uint32_t tag = stream_.ReadTag()) {
      const FieldDescriptor* field = message.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const auto type = WireFormatLite::GetTagWireType(tag);
      const bool has_length = type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if ((has_length || !field) && ++count_ > most_) return false;
      const Descriptor* inner = has_length && field ? field->message_type() : nullptr;
      if (inner ? !enter(*inner, depth) : !WireFormatLite::SkipField(&stream_, tag)) return false;
    }
    return stream_.ConsumedEntireMessage();
  }

  int64_t count() const { return count_; }

 private:
  static constexpr int most_depth = 100;  ///< protobuf's own limit

  bool enter(const Descriptor& message, int depth) {
    uint32_t length = 0;
    if (!stream_.ReadVarint32(&length) || length > INT32_MAX) return false;
    const auto outer = stream_.PushLimit(static_cast<int>(length));
    const bool whole = read(message, depth + 1) && stream_.BytesUntilLimit() == 0;
    stream_.PopLimit(outer);
    return whole;
  }

  google::protobuf::io::CodedInputStream& stream_;
  int64_t most_;
  int64_t count_ = 0;
};

}  // namespace

int64_t count_objects(google::protobuf::io::ZeroCopyInputStream& stream, int64_t most) {
  google::protobuf::io::CodedInputStream coded(&stream);
  ObjectCount objects(coded, most);
  const bool whole = objects.read(*::onnx::ModelProto::descriptor(), 1);
  return whole || objects.count() > most ? objects.count() : -1;
}

}  // namespace bitsweep::onnx
