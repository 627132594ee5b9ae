#include "backends/cuda/convolution.h"

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/error.h"

#define CUDNN_FRONTEND_SKIP_JSON_LIB
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#include <cudnn_frontend.h>
#pragma GCC diagnostic pop

namespace bitsweep::cuda {
namespace {

namespace fe = cudnn_frontend;
using fe::NumericalNote_t;

constexpr int64_t source_id = 1, weights_id = 2, bias_id = 3, shortcut_id = 4, output_id = 5;
constexpr size_t usual_candidates = 12;
size_t most_candidates = usual_candidates;

struct DestroyLibrary {
  void operator()(cudnnHandle_t handle) const { cudnnDestroy(handle); }
};

void check(cudnnStatus_t status, const char* place) {
  if (status != CUDNN_STATUS_SUCCESS)
    throw Error(fmt::format("cuda: {}: {}", place, cudnnGetErrorString(status)));
}

/// The handle of this thread's library.
cudnnHandle_t convolution_library() {
  thread_local const std::unique_ptr<cudnnContext, DestroyLibrary> library = [] {
    cudnnHandle_t handle = nullptr;
    check(cudnnCreate(&handle), "start cuDNN");
    return std::unique_ptr<cudnnContext, DestroyLibrary>(handle);
  }();
  return library.get();
}

/// With the notes of its plans in sight.
class Graph : public fe::graph::Graph {
 public:
  bool has_note(int64_t plan, NumericalNote_t note) const {
    const auto& notes = plans.numeric_notes.at(static_cast<size_t>(plan));
    return std::find(notes.begin(), notes.end(), note) != notes.end();
  }
};

fe::DataType_t type_of(Number number) {
  return number == Number::fp32   ? fe::DataType_t::FLOAT
         : number == Number::fp16 ? fe::DataType_t::HALF
                                  : fe::DataType_t::BFLOAT16;
}

/// How the parts behind the convolution follow each other; cuDNN knows some plans by their order.
enum class Order { convolution_alone, bias_first, shortcut_first };

using Tensor = std::shared_ptr<fe::graph::Tensor_attributes>;

/// Dimensions in the order batch, channels, height, width, the channels side by side in memory.
fe::graph::Tensor_attributes tensor(int64_t id, int64_t batch, int64_t channels, int64_t height,
                                    int64_t width) {
  return fe::graph::Tensor_attributes()
      .set_uid(id)
      .set_dim({batch, channels, height, width})
      .set_stride({height * width * channels, 1, width * channels, channels});
}

fe::graph::Tensor_attributes tensor(int64_t id, const Images& images) {
  return tensor(id, images.batch, images.stored, images.height, images.width);
}

std::shared_ptr<Graph> make_graph(const ConvolutionShape& shape, Order order) {
  auto graph = std::make_shared<Graph>();
  graph->set_io_data_type(type_of(shape.number))
      .set_intermediate_data_type(fe::DataType_t::FLOAT)
      .set_compute_data_type(fe::DataType_t::FLOAT);
  const auto& [source, output, window, padding_end, groups, shortcut, activation, number, tensor_cores] =
      shape;
  const Tensor x = graph->tensor(tensor(source_id, source));
  const Tensor w = graph->tensor(
      tensor(weights_id, output.stored, source.stored / groups, window.kernel[0], window.kernel[1]));
  Tensor y = graph->conv_fprop(x, w,
                               fe::graph::Conv_fprop_attributes()
                                   .set_pre_padding({window.padding[0], window.padding[1]})
                                   .set_post_padding({padding_end[0], padding_end[1]})
                                   .set_stride({window.stride[0], window.stride[1]})
                                   .set_dilation({window.dilation[0], window.dilation[1]}));
  const auto add = [&](const fe::graph::Tensor_attributes& other) {
    y = graph->pointwise(y, graph->tensor(other),
                         fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::ADD));
  };
  if (order == Order::shortcut_first && shortcut) add(tensor(shortcut_id, output));
  if (order != Order::convolution_alone) add(tensor(bias_id, 1, output.stored, 1, 1));
  if (order == Order::bias_first && shortcut) add(tensor(shortcut_id, output));
  if (order != Order::convolution_alone && activation.kind == Elementwise::relu)
    y = graph->pointwise(y, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::RELU_FWD));
  const auto as_output = tensor(output_id, output);
  y->set_output(true)
      .set_uid(output_id)
      .set_data_type(type_of(number))
      .set_dim(as_output.get_dim())
      .set_stride(as_output.get_stride());
  return graph;
}

/// Sums in half precision, and sums in an order that changes from run to run, are of no use here.
std::vector<NumericalNote_t> unwanted(const ConvolutionShape& shape) {
  std::vector<NumericalNote_t> notes = {NumericalNote_t::REDUCED_PRECISION_REDUCTION,
                                        NumericalNote_t::NONDETERMINISTIC};
  if (shape.number == Number::fp32 && !shape.tensor_cores)
    notes.insert(notes.end(), {NumericalNote_t::TENSOR_CORE, NumericalNote_t::DOWN_CONVERT_INPUTS,
                               NumericalNote_t::WINOGRAD, NumericalNote_t::FFT});
  return notes;
}

void execute(const Graph& graph, int64_t plan, const Operands& operands, cudaStream_t stream) {
  const cudnnHandle_t library = convolution_library();
  check(cudnnSetStream(library, stream), "give cuDNN a stream");
  // cuDNN takes pointers to what it only reads as void*.
  std::unordered_map<int64_t, void*> pointers = {{source_id, const_cast<void*>(operands.source)},
                                                 {weights_id, const_cast<void*>(operands.weights)},
                                                 {bias_id, const_cast<void*>(operands.bias)},
                                                 {shortcut_id, const_cast<void*>(operands.shortcut)},
                                                 {output_id, operands.output}};
  auto status = graph.execute_plan_at_index(library, pointers, operands.workspace, plan);
  if (status.is_bad()) throw Error("cuda: run a convolution: " + status.get_message());
}

struct Found {
  std::vector<Candidate> candidates;
  std::string answer;  ///< of cuDNN, where it refused
};

Found candidates_of(const ConvolutionShape& shape, Order order, const std::string& suffix,
                    const std::string& only) {
  Found found;
  const std::shared_ptr<Graph> graph = make_graph(shape, order);
  const auto refused = [&](fe::error_t status) {
    if (status.is_bad()) found.answer = status.get_message();
    return status.is_bad();
  };
  if (refused(graph->validate()) || refused(graph->build_operation_graph(convolution_library())))
    return found;
  if (refused(graph->create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK}))) return found;
  graph->deselect_numeric_notes(unwanted(shape));
  std::set<std::string> seen;
  for (int64_t plan = 0; plan < graph->get_execution_plan_count(); ++plan) {
    std::string name;
    if (graph->get_plan_name_at_index(plan, name).is_bad()) continue;
    name = "cudnn:" + name + suffix;
    if ((!only.empty() && name != only) || !seen.insert(name).second) continue;
    if (refused(graph->build_plan_at_index(plan))) continue;
    const auto bytes =
        static_cast<size_t>(std::max<int64_t>(0, graph->get_workspace_size_plan_at_index(plan)));
    found.candidates.push_back(
        {name, graph->has_note(plan, NumericalNote_t::TENSOR_CORE) ? "tensor_core" : "cuda_core", bytes,
         [graph, plan](const Operands& operands, cudaStream_t stream) {
           execute(*graph, plan, operands, stream);
         }});
    if (found.candidates.size() >= most_candidates) break;
  }
  return found;
}

/// What the plan itself leaves out follows in a kernel of our own.
Candidate with_finish(Candidate candidate, const ConvolutionShape& shape) {
  candidate.run = [alone = std::move(candidate.run), shape](const Operands& operands, cudaStream_t stream) {
    alone(operands, stream);
    finish(operands.output, operands.bias, operands.shortcut, shape.output, shape.activation, shape.number,
           stream);
  };
  return candidate;
}

bool fusible(const Elementwise& activation) {
  return activation.kind == Elementwise::identity || activation.kind == Elementwise::relu;
}

}  // namespace

std::string text(const ConvolutionShape& shape) {
  const auto& [source, output, window, padding_end, groups, shortcut, activation, number, tensor_cores] =
      shape;
  return fmt::format(
      "convolution {}x{}x{}x{} to {}, {}x{} stride {}x{} padding {}x{}+{}x{} dilation {}x{} groups {}{} {} "
      "{}{}",
      source.batch, source.height, source.width, source.stored, output.stored, window.kernel[0],
      window.kernel[1], window.stride[0], window.stride[1], window.padding[0], window.padding[1],
      padding_end[0], padding_end[1], window.dilation[0], window.dilation[1], groups,
      shortcut ? " shortcut" : "", static_cast<int>(activation.kind), name_of(number),
      number == Number::fp32 ? (tensor_cores ? " tf32" : " strict") : "");
}

std::vector<Candidate> cudnn_candidates(const ConvolutionShape& shape, const std::string& only,
                                        std::string& why_none) {
  std::vector<Candidate> all;
  const auto take = [&](Found found, bool finished) {
    if (!found.answer.empty()) why_none = found.answer;
    for (Candidate& candidate : found.candidates)
      all.push_back(finished ? std::move(candidate) : with_finish(std::move(candidate), shape));
  };
  if (fusible(shape.activation)) {
    take(candidates_of(shape, Order::bias_first, "", only), true);
    if (shape.shortcut && all.empty())
      take(candidates_of(shape, Order::shortcut_first, ":shortcut_first", only), true);
  }
  // Plans that fuse less are there where none fuses all, and of strict fp32, where few do.
  const bool strict = shape.number == Number::fp32 && !shape.tensor_cores;
  if (all.empty() || (strict && only.empty()))
    take(candidates_of(shape, Order::convolution_alone, "+finish", only), false);
  return all;
}

void limit_candidates(size_t most) {
  most_candidates = most;
}

bool candidates_are_limited() {
  return most_candidates < usual_candidates;
}

Candidate direct_candidate(const ConvolutionShape& shape) {
  const bool depthwise = shape.groups == shape.source.channels;
  return {depthwise ? "bitsweep:depthwise" : "ref:direct", "cuda_core", 0,
          [shape](const Operands& operands, cudaStream_t stream) {
            direct_convolution(operands.source, operands.weights, operands.bias, operands.shortcut,
                               operands.output, shape.source, shape.output, shape.window, shape.groups,
                               shape.activation, shape.number, stream);
          }};
}

std::string cudnn_version() {
  const size_t version = cudnnGetVersion();
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

}  // namespace bitsweep::cuda
