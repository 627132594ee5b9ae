// Which plans cuDNN has for convolutions of 8 bits with the parts behind them fused, and how fast the best
// is: layers of ResNet-50, as they would run: y = 8 bits(relu(scale[k] * (x * w) + bias[k] + factor *
// shortcut)). A table row each.
//   eight_bit_plans [BATCH]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>

#include "backends/cuda/capture.h"
#include "backends/cuda/check.h"
#include "backends/cuda/device.h"
#include "backends/cuda/measuring_kernels.h"
#include "backends/cuda/memory.h"
#include "backends/cuda/stream.h"
#include "harness/error.h"

#define CUDNN_FRONTEND_SKIP_JSON_LIB
#include <cudnn_frontend.h>

namespace {

namespace fe = cudnn_frontend;
namespace cuda = bitsweep::cuda;
using Tensor = std::shared_ptr<fe::graph::Tensor_attributes>;

struct Layer {
  const char* name;
  int64_t in, out, size, kernel, stride;
  bool shortcut;
};
constexpr Layer layers[] = {
    {"layer1 conv2", 64, 64, 56, 3, 1, false},        {"layer1 conv3", 64, 256, 56, 1, 1, true},
    {"layer2 downsample", 256, 512, 56, 1, 2, false}, {"layer3 conv1", 1024, 256, 14, 1, 1, false},
    {"layer3 conv2", 256, 256, 14, 3, 1, false},      {"layer3 conv3", 256, 1024, 14, 1, 1, true}};

struct Type {
  const char* name;
  fe::DataType_t stored, sums;
  cudaDataType_t random;
};
constexpr Type types[] = {{"fp8", fe::DataType_t::FP8_E4M3, fe::DataType_t::FLOAT, CUDA_R_8F_E4M3},
                          {"int8", fe::DataType_t::INT8, fe::DataType_t::INT32, CUDA_R_8I},
                          {"fp16", fe::DataType_t::HALF, fe::DataType_t::FLOAT, CUDA_R_16F}};

fe::graph::Tensor_attributes tensor(int64_t id, fe::DataType_t type, int64_t n, int64_t c, int64_t h,
                                    int64_t w) {
  return fe::graph::Tensor_attributes()
      .set_uid(id)
      .set_data_type(type)
      .set_dim({n, c, h, w})
      .set_stride({c * h * w, 1, c * w, c});
}

std::shared_ptr<fe::graph::Graph> make_graph(const Layer& layer, const Type& type, int64_t batch) {
  auto graph = std::make_shared<fe::graph::Graph>();
  graph->set_io_data_type(type.stored)
      .set_intermediate_data_type(fe::DataType_t::FLOAT)
      .set_compute_data_type(fe::DataType_t::FLOAT);
  const int64_t size = layer.size / layer.stride, padding = layer.kernel / 2;
  const Tensor x = graph->tensor(tensor(1, type.stored, batch, layer.in, layer.size, layer.size));
  const Tensor w = graph->tensor(tensor(2, type.stored, layer.out, layer.in, layer.kernel, layer.kernel));
  Tensor y = graph->conv_fprop(x, w,
                               fe::graph::Conv_fprop_attributes()
                                   .set_padding({padding, padding})
                                   .set_stride({layer.stride, layer.stride})
                                   .set_dilation({1, 1})
                                   .set_compute_data_type(type.sums));
  y->set_data_type(type.sums);
  const auto pointwise = [&](fe::PointwiseMode_t mode, const Tensor& a, const Tensor& b) {
    return graph->pointwise(a, b, fe::graph::Pointwise_attributes().set_mode(mode));
  };
  const auto of_channels = [&](int64_t id) {
    return graph->tensor(tensor(id, fe::DataType_t::FLOAT, 1, layer.out, 1, 1));
  };
  y = pointwise(fe::PointwiseMode_t::MUL, y, of_channels(3));
  y = pointwise(fe::PointwiseMode_t::ADD, y, of_channels(4));
  if (layer.shortcut) {
    const Tensor z = graph->tensor(tensor(5, type.stored, batch, layer.out, size, size));
    const Tensor factor = graph->tensor(tensor(7, fe::DataType_t::FLOAT, 1, 1, 1, 1));
    y = pointwise(fe::PointwiseMode_t::ADD, y, pointwise(fe::PointwiseMode_t::MUL, z, factor));
  }
  y = graph->pointwise(y, fe::graph::Pointwise_attributes().set_mode(fe::PointwiseMode_t::RELU_FWD));
  y->set_output(true).set_uid(6).set_data_type(type.stored);
  return graph;
}

/// Of one launch among eight of a graph.
double best_time_us(const std::function<void(cudaStream_t)>& run, const cuda::Stream& stream) {
  const cuda::CapturedWork work(stream, [&](cudaStream_t into) {
    for (int i = 0; i < 8; ++i) run(into);
  });
  const cuda::Event begin, end;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 6; ++i) {
    begin.record(stream);
    work.launch(stream);
    end.record(stream);
    stream.wait();
    best = std::min(best, cuda::nanoseconds_between(begin, end) / 8000);
  }
  return best;
}

void report(const Layer& layer, const Type& type, int64_t batch, cudnnHandle_t library,
            const cuda::Stream& stream) {
  const auto graph = make_graph(layer, type, batch);
  const auto say = [&](const std::string& words) {
    std::printf("%-18s %-5s %s\n", layer.name, type.name, words.substr(0, 160).c_str());
  };
  auto status = graph->validate();
  if (status.is_good()) status = graph->build_operation_graph(library);
  if (status.is_good()) status = graph->create_execution_plans({fe::HeurMode_t::A, fe::HeurMode_t::FALLBACK});
  if (status.is_bad()) return say("none: " + status.get_message());
  const int64_t source = batch * layer.in * layer.size * layer.size, size = layer.size / layer.stride;
  const int64_t weights = layer.out * layer.in * layer.kernel * layer.kernel,
                output = batch * layer.out * size * size;
  const auto filled = [&](int64_t count, cudaDataType_t of) {
    cuda::DeviceMemory memory(static_cast<size_t>(count) * (of == CUDA_R_32F ? 4 : of == CUDA_R_16F ? 2 : 1));
    cuda::fill_random(memory.data(), of, count, 1, stream.get());
    return memory;
  };
  const cuda::DeviceMemory x = filled(source, type.random), w = filled(weights, type.random),
                           scale = filled(layer.out, CUDA_R_32F), bias = filled(layer.out, CUDA_R_32F),
                           z = filled(output, type.random), factor = filled(1, CUDA_R_32F),
                           y(static_cast<size_t>(output) * 2), workspace(size_t{256} << 20);
  std::unordered_map<int64_t, void*> pointers = {
      {1, x.data()}, {2, w.data()}, {3, scale.data()}, {4, bias.data()}, {6, y.data()}};
  if (layer.shortcut) pointers[5] = z.data(), pointers[7] = factor.data();
  double best = std::numeric_limits<double>::infinity();
  std::string best_name, refused;
  int built = 0;
  for (int64_t plan = 0; plan < std::min<int64_t>(graph->get_execution_plan_count(), 5); ++plan) try {
      auto able = graph->build_plan_at_index(plan);
      if (able.is_bad()) {
        refused = able.get_message();
        continue;
      }
      const auto run = [&](cudaStream_t into) {
        cudnnSetStream(library, into);
        auto ran = graph->execute_plan_at_index(library, pointers, workspace.data(), plan);
        if (ran.is_bad()) throw bitsweep::Error(ran.get_message());
      };
      run(stream.get());
      stream.wait();
      ++built;
      if (const double time = best_time_us(run, stream); time < best) {
        best = time;
        if (graph->get_plan_name_at_index(plan, best_name).is_bad()) best_name = "unnamed";
      }
    } catch (const bitsweep::Error& error) {
      refused = error.what();
    }
  if (built == 0) return say("none: " + refused);
  say(std::to_string(best) + " us, the best of " + std::to_string(built) + ": " + best_name);
}

}  // namespace

int main(int count, char** arguments) {
  const int64_t batch = count > 1 ? std::atoll(arguments[1]) : 256;
  if (!cuda::why_no_device().empty()) {
    std::fprintf(stderr, "eight_bit_plans: %s\n", cuda::why_no_device().c_str());
    return 2;
  }
  const cuda::Stream stream;
  cudnnHandle_t library = nullptr;
  if (cudnnCreate(&library) != CUDNN_STATUS_SUCCESS) return 2;
  for (const Layer& layer : layers)
    for (const Type& type : types) report(layer, type, batch, library, stream);
  cudnnDestroy(library);
}
