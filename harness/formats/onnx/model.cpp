#include "harness/formats/onnx/model.h"

#include <climits>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/formats/whole_file.h"
#include "harness/result.h"

namespace bitsweep::onnx {
namespace {

constexpr int64_t written_opset = 17, written_ir_version = 8;

}  // namespace

Model::Model(const Network& network, int64_t batch) : batch_(batch) {
  proto_.set_ir_version(written_ir_version);
  proto_.set_producer_name("bitsweep");
  proto_.set_producer_version(this_software().bitsweep);
  proto_.add_opset_import()->set_version(written_opset);
  proto_.mutable_graph()->set_name(network.name());
  input_ = free_name(network.layers().front().name);
  describe(*proto_.mutable_graph()->add_input(), input_, network.input_shape());
}

std::string Model::free_name(const std::string& name) {
  std::string free = name;
  for (int number = 2; !taken_.insert(free).second; ++number) free = fmt::format("{}#{}", name, number);
  return free;
}

void Model::describe(::onnx::ValueInfoProto& value, const std::string& name, const Shape& shape) const {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(::onnx::TensorProto::FLOAT);
  auto& batch = *tensor.mutable_shape()->add_dim();
  if (batch_ > 0)
    batch.set_dim_value(batch_);
  else
    batch.set_dim_param("batch");
  for (int64_t size : shape) tensor.mutable_shape()->add_dim()->set_dim_value(size);
}

std::string Model::add(const std::string& type, const std::string& name,
                       const std::vector<std::string>& inputs) {
  auto& node = *proto_.mutable_graph()->add_node();
  const std::string output = free_name(name);
  node.set_op_type(type);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return output;
}

::onnx::AttributeProto& Model::attribute(const char* name) {
  auto& nodes = *proto_.mutable_graph()->mutable_node();
  auto& attribute = *nodes[nodes.size() - 1].add_attribute();
  attribute.set_name(name);
  return attribute;
}

void Model::set(const char* name, int64_t value) {
  auto& set = attribute(name);
  set.set_type(::onnx::AttributeProto::INT);
  set.set_i(value);
}

void Model::set(const char* name, float value) {
  auto& set = attribute(name);
  set.set_type(::onnx::AttributeProto::FLOAT);
  set.set_f(value);
}

void Model::set(const char* name, const std::vector<int64_t>& values) {
  auto& set = attribute(name);
  set.set_type(::onnx::AttributeProto::INTS);
  set.mutable_ints()->Add(values.begin(), values.end());
}

std::string Model::keep_raw(const std::string& name, const Shape& shape, int32_t type, const void* data,
                            size_t bytes) {
  auto& tensor = *proto_.mutable_graph()->add_initializer();
  const std::string kept = free_name(name);
  tensor.set_name(kept);
  tensor.set_data_type(type);
  tensor.mutable_dims()->Add(shape.begin(), shape.end());
  tensor.set_raw_data(data, bytes);
  return kept;
}

std::string Model::keep(const std::string& name, const Shape& shape, const std::vector<float>& values) {
  return keep_raw(name, shape, ::onnx::TensorProto::FLOAT, values.data(), values.size() * sizeof values[0]);
}

std::string Model::keep(const std::string& name, const Shape& shape, const std::vector<int8_t>& values) {
  return keep_raw(name, shape, ::onnx::TensorProto::INT8, values.data(), values.size());
}

std::string Model::keep(const std::string& name, const Shape& shape, const std::vector<uint8_t>& values) {
  return keep_raw(name, shape, ::onnx::TensorProto::UINT8, values.data(), values.size());
}

std::string Model::keep(const std::string& name, const Shape& shape, const std::vector<int32_t>& values) {
  return keep_raw(name, shape, ::onnx::TensorProto::INT32, values.data(), values.size() * sizeof values[0]);
}

std::string Model::keep(const std::string& name, const Shape& shape, const std::vector<int64_t>& values) {
  return keep_raw(name, shape, ::onnx::TensorProto::INT64, values.data(), values.size() * sizeof values[0]);
}

void Model::finish(const std::string& output, const Shape& shape,
                   const std::map<std::string, std::string>& metadata) {
  describe(*proto_.mutable_graph()->add_output(), output, shape);
  for (const auto& [key, value] : metadata) {
    auto& entry = *proto_.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

void Model::write(const std::string& path) const {
  if (proto_.ByteSizeLong() > INT_MAX)
    throw Error(
        fmt::format("{}: would have {} bytes, and ONNX files end at 2 GiB; right is a smaller network", path,
                    proto_.ByteSizeLong()));
  write_whole_file(path, [&](std::ostream& file) { proto_.SerializeToOstream(&file); });
}

}  // namespace bitsweep::onnx
