#include "harness/formats/onnx/file.h"

#include <cmath>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include "harness/error.h"
#include "harness/formats/onnx/tensors.h"
#include "harness/formats/onnx/wire.h"

namespace bitsweep::onnx {
namespace {

namespace fs = std::filesystem;
using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;

constexpr int64_t first_opset = 7, last_opset = 21;
constexpr uint64_t most_bytes = INT32_MAX;  ///< protobuf's own limit
constexpr int most_nodes = 20'000;          ///< ResNet-152 has about 500
/// Some 200 MB of memory. A node has about ten: attributes, names, and the tensors that it reads.
constexpr int64_t most_objects = 1'000'000;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("{}: {}", path, why));
}

/// The file from its beginning; closed with the stream.
class FileStream {
 public:
  explicit FileStream(const std::string& path) : stream_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    stream_.SetCloseOnDelete(true);
  }

  google::protobuf::io::FileInputStream& get() { return stream_; }

 private:
  google::protobuf::io::FileInputStream stream_;
};

void check_form(const std::string& path) {
  std::error_code error;
  const uint64_t bytes = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  if (error || access(path.c_str(), R_OK) != 0)
    refuse(path, "cannot be opened; right is a readable ONNX file");
  if (bytes == 0) refuse(path, "is empty or no file; right is an ONNX file");
  if (bytes > most_bytes)
    refuse(path, fmt::format("has {} bytes; right is below 2 GiB, with the weights as external data", bytes));
  const int64_t objects = count_objects(FileStream(path).get(), most_objects);
  if (objects < 0) refuse(path, "is not an ONNX file, or was cut off; right is a whole one");
  if (objects > most_objects)
    refuse(path, fmt::format("has more than {} nodes, attributes, tensors and names; right is fewer",
                             most_objects));
}

ModelProto parse(const std::string& path) {
  check_form(path);  // before protobuf makes objects of it
  ModelProto model;
  FileStream file(path);
  google::protobuf::io::CodedInputStream coded(&file.get());
  if (!model.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    refuse(path, "is not an ONNX file, or was cut off; right is a whole one");
  return model;
}

int64_t opset_of(const ModelProto& model, const std::string& path) {
  std::optional<int64_t> opset;
  for (const auto& import : model.opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
    if (opset) refuse(path, "names the opset of ai.onnx twice; right is once");
    opset = import.version();
  }
  if (!opset) refuse(path, "names no opset of ai.onnx; right is one from 7 to 21");
  if (*opset < first_opset || *opset > last_opset)
    refuse(path, fmt::format("is of opset {}; right is {} to {} (onnx.version_converter converts)", *opset,
                             first_opset, last_opset));
  return *opset;
}

/// The name of a node for messages and layers.
std::string name_of(const NodeProto& node) {
  if (!node.name().empty()) return printable(node.name());
  return node.output_size() > 0 ? printable(node.output(0)) : "";
}

Attribute take_attribute(AttributeProto& attribute, const std::string& path) {
  switch (attribute.type()) {
    case AttributeProto::INT:
      return attribute.i();
    case AttributeProto::FLOAT:
      return attribute.f();
    case AttributeProto::STRING:
      return attribute.s();
    case AttributeProto::INTS:
      return std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
    case AttributeProto::FLOATS:
      return std::vector<float>(attribute.floats().begin(), attribute.floats().end());
    case AttributeProto::TENSOR:
      return take_tensor(*attribute.mutable_t(), path);
    default:
      return ForeignAttribute{AttributeProto::AttributeType_Name(attribute.type())};
  }
}

/// The graph while it is read: names may be made once, and read only once they are made.
class GraphReader {
 public:
  GraphReader(const std::string& path, ModelProto& model)
      : path_(path), proto_(*model.mutable_graph()), graph_{} {
    graph_.opset = opset_of(model, path);
  }

  Graph read() {
    check_size();
    for (auto& tensor : *proto_.mutable_initializer()) read_initialiser(tensor);
    read_input();
    for (const NodeProto& node : proto_.node())
      produced_later_.insert(node.output().begin(), node.output().end());
    for (NodeProto& node : *proto_.mutable_node()) read_node(node);
    read_output();
    return std::move(graph_);
  }

 private:
  void check_size() const {
    if (proto_.node_size() == 0) refuse(path_, "has no nodes; right is a network");
    if (proto_.node_size() > most_nodes)
      refuse(path_, fmt::format("has {} nodes; right is at most {}", proto_.node_size(), most_nodes));
    if (proto_.sparse_initializer_size() > 0) refuse(path_, "has sparse initialisers; right is dense ones");
  }

  void make(const std::string& name, const std::string& what) {
    if (name.empty()) refuse(path_, fmt::format("{} has no name; right is a name of its own", what));
    if (!made_.insert(name).second)
      refuse(path_, fmt::format("{} '{}' is there twice; right is a name of its own", what, printable(name)));
  }

  void count(const Constant& constant) {
    graph_.stored_numbers += element_count(constant.shape);
    if (graph_.stored_numbers > most_stored_numbers)
      throw Error(
          fmt::format("all tensors together have more than {} numbers; right is fewer", most_stored_numbers));
  }

  void read_initialiser(::onnx::TensorProto& tensor) {
    const std::string name = tensor.name();
    make(name, "initialiser");
    try {
      Constant constant = take_tensor(tensor, path_);
      count(constant);
      graph_.initialisers.emplace(name, std::move(constant));
    } catch (const Error& error) {
      refuse(path_, fmt::format("initialiser '{}': {}", printable(name), error.what()));
    }
  }

  void read_input() {
    std::vector<const ::onnx::ValueInfoProto*> inputs;
    for (const auto& input : proto_.input())  // up to IR version 3 initialisers are inputs as well
      if (!graph_.initialisers.contains(input.name())) inputs.push_back(&input);
    if (inputs.size() != 1)
      refuse(path_, fmt::format("has {} inputs; right is one, the image", inputs.size()));
    const auto& input = *inputs[0];
    make(input.name(), "input");
    graph_.input.name = input.name();
    const std::string place = fmt::format("input '{}'", printable(input.name()));
    if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape())
      refuse(path_, place + " has no shape; right is [batch, channels, height, width] or [batch, elements]");
    try {
      if (number_type(input.type().tensor_type().elem_type()) > NumberType::float64)
        throw Error("it holds integers; right is real numbers");
    } catch (const Error& error) {
      refuse(path_, fmt::format("{}: {}", place, error.what()));
    }
    for (const auto& size : input.type().tensor_type().shape().dim())
      graph_.input.shape.push_back(size.has_dim_value() ? std::optional(size.dim_value()) : std::nullopt);
  }

  void read_node(NodeProto& proto) {
    Node node{name_of(proto), printable(proto.op_type()), {}, {}, {}};
    const bool own_domain = proto.domain().empty() || proto.domain() == "ai.onnx";
    const std::string place =
        place_of(path_, node, graph_.opset, own_domain ? "ai.onnx" : printable(proto.domain()));
    if (!own_domain) refuse(place, "the domain is not supported; right is ai.onnx");
    for (const std::string& input : proto.input()) {
      if (!input.empty() && !made_.contains(input))
        refuse(place,
               produced_later_.contains(input)
                   ? fmt::format("it reads '{}', which is made later or by itself; right is nodes in order "
                                 "of execution, without cycles",
                                 printable(input))
                   : fmt::format("it reads '{}', which nothing makes; right is an input, an initialiser or "
                                 "the output of a node",
                                 printable(input)));
      node.inputs.push_back(input);
    }
    if (proto.output_size() == 0 || proto.output(0).empty())
      refuse(place, "it has no output; right is one or more");
    for (const std::string& output : proto.output()) {
      if (!output.empty() && !made_.insert(output).second)
        refuse(place, fmt::format("it makes '{}', which is there already; right is a name of its own",
                                  printable(output)));
      node.outputs.push_back(output);
    }
    read_attributes(proto, node, place);
    graph_.nodes.push_back(std::move(node));
  }

  void read_attributes(NodeProto& proto, Node& node, const std::string& place) {
    for (AttributeProto& attribute : *proto.mutable_attribute()) {
      const std::string name = attribute.name();
      try {
        const auto [entry, fresh] = node.attributes.emplace(name, take_attribute(attribute, path_));
        if (!fresh) throw Error("it is there twice; right is once");
        if (const auto* constant = std::get_if<Constant>(&entry->second)) count(*constant);
        if (const auto* real = std::get_if<float>(&entry->second); real && !std::isfinite(*real))
          throw Error(fmt::format("it is {}; right is a finite number", *real));
      } catch (const Error& error) {
        refuse(place, fmt::format("attribute '{}': {}", printable(name), error.what()));
      }
    }
  }

  void read_output() {
    if (proto_.output_size() != 1)
      refuse(path_, fmt::format("has {} outputs; right is one (onnx.utils.extract_model cuts others off)",
                                proto_.output_size()));
    graph_.output = proto_.output(0).name();
    if (!made_.contains(graph_.output))
      refuse(path_, fmt::format("nothing makes its output '{}'; right is the output of a node",
                                printable(graph_.output)));
  }

  const std::string& path_;
  GraphProto& proto_;
  Graph graph_;
  std::set<std::string> made_, produced_later_;
};

}  // namespace

Graph read_file(const std::string& path) {
  ModelProto model = parse(path);
  if (!model.has_graph()) refuse(path, "holds no graph; right is an ONNX file");
  if (model.functions_size() > 0) refuse(path, "defines functions of its own; right is operators of ai.onnx");
  Graph graph = GraphReader(path, model).read();
  graph.name = fs::path(path).stem().string();
  return graph;
}

}  // namespace bitsweep::onnx
