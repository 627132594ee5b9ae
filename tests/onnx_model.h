// ONNX models made by hand, through the classes of ONNX itself.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include "harness/error.h"
#include "harness/formats/onnx.h"
#include "harness/network.h"

namespace bitsweep {

/// A folder that is gone at the end of the test.
struct OnnxFolder {
  static inline int count = 0;
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("bitsweep_onnx_{}_{}", getpid(), ++count);
  OnnxFolder() { std::filesystem::create_directories(path); }
  ~OnnxFolder() { std::filesystem::remove_all(path); }
};

/// A node, for its attributes.
struct OnnxNode {
  ::onnx::NodeProto& proto;

  ::onnx::AttributeProto& attribute(const char* name, ::onnx::AttributeProto::AttributeType type) {
    auto& attribute = *proto.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
  }
  OnnxNode integer(const char* name, int64_t value) {
    attribute(name, ::onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  OnnxNode real(const char* name, float value) {
    attribute(name, ::onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  OnnxNode text(const char* name, const std::string& value) {
    attribute(name, ::onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  OnnxNode integers(const char* name, const std::vector<int64_t>& values) {
    attribute(name, ::onnx::AttributeProto::INTS).mutable_ints()->Add(values.begin(), values.end());
    return *this;
  }
};

/// Input "x", output "y"; the batch is left open.
struct OnnxModel {
  ::onnx::ModelProto proto;

  explicit OnnxModel(const Shape& image, int64_t opset = 17) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    graph().set_name("test");
    auto& input = *graph().add_input();
    input.set_name("x");
    auto& tensor = *input.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(::onnx::TensorProto::FLOAT);
    tensor.mutable_shape()->add_dim()->set_dim_param("batch");
    for (int64_t size : image) tensor.mutable_shape()->add_dim()->set_dim_value(size);
    graph().add_output()->set_name("y");
  }

  ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }

  ::onnx::TensorProto& tensor(const std::string& name, const Shape& shape, int32_t type) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.mutable_dims()->Add(shape.begin(), shape.end());
    return tensor;
  }
  ::onnx::TensorProto& reals(const std::string& name, const Tensor& values) {
    auto& kept = tensor(name, values.shape, ::onnx::TensorProto::FLOAT);
    kept.mutable_float_data()->Add(values.values.begin(), values.values.end());
    return kept;
  }
  ::onnx::TensorProto& number(const std::string& name, float value) { return reals(name, {{}, {value}}); }
  ::onnx::TensorProto& integers(const std::string& name, const std::vector<int64_t>& values) {
    auto& kept = tensor(name, {static_cast<int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    kept.mutable_int64_data()->Add(values.begin(), values.end());
    return kept;
  }

  OnnxNode node(const std::string& type, const std::vector<std::string>& inputs, const std::string& output) {
    auto& node = *graph().add_node();
    node.set_op_type(type);
    node.set_name(output + "_node");
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return {node};
  }

  std::string bytes() const { return proto.SerializeAsString(); }
};

inline Network read_bytes(const std::string& bytes) {
  const OnnxFolder folder;
  const std::string path = folder.path / "model.onnx";
  std::ofstream(path, std::ios::binary) << bytes;
  return read_onnx(path);
}

inline Network read(const OnnxModel& model) {
  return read_bytes(model.bytes());
}

/// With which message a model is refused, without the folder.
inline std::string refusal_of(const std::string& bytes) {
  try {
    const Network network = read_bytes(bytes);
    return fmt::format("not refused: {} layers", network.layers().size());
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(std::min(text.size(), text.find("model.onnx")));
  }
}

/// All that a network is but its weights: one line a layer.
inline std::string description_of(const Network& network) {
  std::string text;
  for (const Layer& layer : network.layers()) {
    text += fmt::format("{}({})", kind(layer), fmt::join(layer.inputs, ","));
    const Window* window = nullptr;
    Activation activation{};
    const auto& operation = layer.operation;
    if (const auto* convolution = std::get_if<Convolution>(&operation)) {
      window = &convolution->window, activation = convolution->activation;
      text += fmt::format(" groups {}", convolution->groups);
    }
    if (const auto* linear = std::get_if<Linear>(&operation)) activation = linear->activation;
    if (const auto* add = std::get_if<Add>(&operation)) activation = add->activation;
    if (const auto* pool = std::get_if<MaxPool>(&operation)) window = &pool->window;
    if (const auto* pool = std::get_if<AveragePool>(&operation)) {
      window = &pool->window;
      text += pool->count_padding ? " counting" : "";
    }
    if (const auto* own = std::get_if<Activation>(&operation)) activation = *own;
    if (window)
      text += fmt::format(" kernel {} stride {} padding {} {} dilation {}", fmt::join(window->kernel, "x"),
                          fmt::join(window->stride, "x"), fmt::join(window->padding_begin, "x"),
                          fmt::join(window->padding_end, "x"), fmt::join(window->dilation, "x"));
    if (activation)
      text += fmt::format(" {} {} {}", to_text(activation.function), activation.alpha, activation.beta);
    text += fmt::format(" {}\n", to_text(layer.shape));
  }
  return text;
}

}  // namespace bitsweep
