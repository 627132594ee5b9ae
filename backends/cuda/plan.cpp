#include "backends/cuda/plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "backends/cuda/choice.h"
#include "backends/cuda/convolution.h"
#include "backends/cuda/fold.h"
#include "backends/cuda/kernels.h"
#include "backends/cuda/matmul.h"
#include "backends/cuda/weights.h"
#include "harness/error.h"

namespace bitsweep::cuda {
namespace {

Elementwise elementwise(const Activation& activation) {
  const auto kind = [&] {
    switch (activation.function) {
      case Function::identity:
        return Elementwise::identity;
      case Function::relu:
        return Elementwise::relu;
      case Function::leaky_relu:
        return Elementwise::leaky_relu;
      case Function::clip:
        return Elementwise::clip;
      case Function::sigmoid:
        return Elementwise::sigmoid;
      case Function::hard_sigmoid:
        return Elementwise::hard_sigmoid;
      case Function::hard_swish:
        return Elementwise::hard_swish;
      case Function::silu:
        return Elementwise::silu;
    }
    throw Error("cuda: a function is missing in elementwise()");
  };
  return {kind(), activation.alpha, activation.beta};
}

Sliding sliding(const Window& window) {
  const auto& [kernel, stride, begin, end, dilation] = window;
  return {{kernel[0], kernel[1]}, {stride[0], stride[1]}, {begin[0], begin[1]}, {dilation[0], dilation[1]}};
}

bool fusible(const Elementwise& activation) {
  return activation.kind == Elementwise::identity || activation.kind == Elementwise::relu;
}

/// A convolution that is a product of matrices as it stands: every pixel by itself.
bool is_product(const ConvolutionShape& shape) {
  const Sliding& window = shape.window;
  const auto all = [](const int64_t(&pair)[2], int64_t value) {
    return pair[0] == value && pair[1] == value;
  };
  return all(window.kernel, 1) && all(window.stride, 1) && all(window.padding, 0) &&
         all(shape.padding_end, 0) && shape.groups == 1 && fusible(shape.activation);
}

/// One on the pixels of the convolution.
MatmulShape as_product(const ConvolutionShape& shape, const MatmulShape& of_type) {
  MatmulShape product = of_type;
  product.rows = shape.output.pixels();
  product.columns = shape.output.stored;
  product.depth = shape.source.stored;
  product.bias = true;
  product.shortcut = shape.shortcut;
  product.relu = shape.activation.kind == Elementwise::relu;
  return product;
}

std::vector<Candidate> convolution_candidates(const ConvolutionShape& shape, const MatmulShape& of_type,
                                              const std::string& only) {
  std::vector<Candidate> all;
  const auto take = [&](std::vector<Candidate> some) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  };
  const bool of_library = only.empty() || only.starts_with("cudnn:");
  // In groups the library counts the padding as channels of the last group.
  const bool whole = shape.groups == 1 || (shape.source.stored == shape.source.channels &&
                                           shape.output.stored == shape.output.channels);
  std::string why_none;
  if (of_library && whole) take(cudnn_candidates(shape, only, why_none));
  if (is_product(shape)) take(cublas_candidates(as_product(shape, of_type), only));
  if (shape.groups > 1 || all.empty()) {
    Candidate direct = direct_candidate(shape);
    if (only.empty() || only == direct.name) all.push_back(std::move(direct));
  }
  return all;
}

Candidate followed_by(Candidate candidate, const Elementwise& activation, const Images& images,
                      Number number) {
  candidate.run = [alone = std::move(candidate.run), activation, images, number](const Operands& operands,
                                                                                 cudaStream_t stream) {
    alone(operands, stream);
    activate(operands.output, operands.output, images, activation, number, stream);
  };
  return candidate;
}

constexpr const char* images_layout = "acdb";

class Planner {
 public:
  Planner(const Network& network, const SessionRequest& request)
      : network_(network), batch_(request.batch), strict_(request.precision == Precision::fp32) {
    plan_.number = request.precision == Precision::fp16   ? Number::fp16
                   : request.precision == Precision::bf16 ? Number::bf16
                                                          : Number::fp32;
  }

  Plan make() {
    read_input();
    for (size_t layer = 1; layer < network_.layers().size(); ++layer) {
      layer_ = layer;
      std::visit([&](const auto& operation) { plan(operation); }, network_.layers()[layer].operation);
    }
    write_output();
    bind();
    find_side_steps();
    return std::move(plan_);
  }

 private:
  /// A layer with weights, until its candidate is chosen.
  struct Weighted {
    size_t step, question, weights, bias;
    std::optional<size_t> shortcut;
  };

  Number number() const { return plan_.number; }

  Images images_of(const Shape& shape) const {
    Images images{batch_, shape[0], 1, 1, stored_channels(shape[0], number())};
    if (shape.size() == 3) images.height = shape[1], images.width = shape[2];
    return images;
  }

  size_t bytes(const Images& images) const {
    return static_cast<size_t>(images.elements() * bytes_of(number()));
  }

  /// Bytes without padding.
  int64_t least_bytes(const Images& images) const {
    return images.pixels() * images.channels * bytes_of(number());
  }

  /// Of the source of a convolution whose windows leave pixels out.
  int64_t unread_bytes() const {
    const auto* convolution = std::get_if<Convolution>(&layer().operation);
    if (!convolution || (fold_ && fold_->reader == layer_)) return 0;
    const Images& from = source().images;
    const auto read = [&](size_t axis, int64_t size) {
      return std::min(size, layer().shape[axis + 1] * convolution->window.kernel[axis]);
    };
    const int64_t pixels = from.batch * read(0, from.height) * read(1, from.width);
    return (from.pixels() - pixels) * from.channels * bytes_of(number());
  }

  size_t new_buffer(size_t size) {
    plan_.buffers.push_back(size);
    return plan_.buffers.size() - 1;
  }

  const Layer& layer() const { return network_.layers()[layer_]; }
  const Value& source(size_t i = 0) const { return plan_.values[layer().inputs[i]]; }

  /// A step for the current layer that writes a new value.
  Step& add_step(std::vector<size_t> reads, const Images& output, std::string implementation) {
    const Value value{new_buffer(bytes(output)), output, number()};
    plan_.values.push_back(value);
    Step step;
    const bool image = output.height * output.width > 1;
    const std::string type = name_of(number()), layout = image ? images_layout : "ab";
    step.record.name = layer().name;
    step.record.kind = kind(layer());
    step.record.implementation = std::move(implementation);
    step.record.data_types = fmt::format("{}::{}", type, type);
    step.record.layouts = fmt::format("{}::{}", image ? images_layout : layout, layout);
    step.record.macs = macs(network_, layer_) * batch_;
    step.record.bytes = least_bytes(output);
    for (const size_t input : layer().inputs) step.record.bytes += least_bytes(plan_.values[input].images);
    step.record.isa = "cuda_core";
    step.layer = layer_;
    step.reads = std::move(reads);
    step.writes = value.buffer;
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
  }

  /// The same with one input and a kernel of our own: run(source, output, stream).
  template <class Run>
  void add_own(const char* implementation, const Images& output, Run run) {
    const size_t from = source().buffer;
    Step& step = add_step({from}, output, fmt::format("bitsweep:{}", implementation));
    step.run = [from, to = step.writes, run](const Addresses& at, cudaStream_t stream) {
      run(at.buffers[from], at.buffers[to], stream);
    };
  }

  void read_input() {
    const Images plain = images_of(network_.input_shape());
    fold_ = fold_of(network_, batch_, number());
    const Images images = fold_ ? fold_->folded : plain;
    const size_t from = new_buffer(static_cast<size_t>(plain.pixels() * plain.channels) * sizeof(float));
    const size_t to = new_buffer(bytes(images));
    plan_.values.push_back({to, images, number()});
    Step step;
    step.record.name = "input";
    step.record.kind = "reorder";
    step.record.implementation = fold_ ? "bitsweep:images_gathered_in" : "bitsweep:images_in";
    step.record.data_types = fmt::format("f32::{}", name_of(number()));
    step.record.layouts = fmt::format("abcd::{}", images_layout);
    step.record.bytes = static_cast<int64_t>(plan_.buffers[from]) + least_bytes(images);
    step.record.isa = "cuda_core";
    step.layer = 0;
    step.reads = {from};
    step.writes = to;
    step.run = [from, to, plain, fold = fold_, type = number()](const Addresses& at, cudaStream_t stream) {
      const auto* input = reinterpret_cast<const float*>(at.buffers[from]);
      if (fold)
        images_gathered_in(input, at.buffers[to], plain, fold->folded, fold->gather, type, stream);
      else
        images_in(input, at.buffers[to], plain, type, stream);
    };
    plan_.steps.push_back(std::move(step));
  }

  void write_output() {
    const Value last = plan_.values.back();
    const Images& images = last.images;
    // Pixels by themselves, fp32, without padding: that is the caller's form.
    if (last.number == Number::fp32 && images.height * images.width == 1 &&
        images.stored == images.channels && plan_.steps.back().writes == last.buffer) {
      plan_.output = last.buffer;
      return;
    }
    const size_t to = plan_.output =
        new_buffer(static_cast<size_t>(images.pixels() * images.channels) * sizeof(float));
    Step step;
    step.record.name = "output";
    step.record.kind = "reorder";
    step.record.implementation = "bitsweep:images_out";
    step.record.data_types = fmt::format("{}::f32", name_of(number()));
    step.record.layouts = fmt::format("{}::abcd", images_layout);
    step.record.bytes = static_cast<int64_t>(plan_.buffers[to]) + least_bytes(images);
    step.record.isa = "cuda_core";
    step.reads = {last.buffer};
    step.writes = to;
    step.run = [from = last.buffer, to, images, type = last.number](const Addresses& at,
                                                                    cudaStream_t stream) {
      images_out(at.buffers[from], reinterpret_cast<float*>(at.buffers[to]), images, type, stream);
    };
    plan_.steps.push_back(std::move(step));
  }

  size_t new_constant(std::vector<std::byte> packed) {
    plan_.constants.push_back(std::move(packed));
    return plan_.constants.size() - 1;
  }

  MatmulShape product_of_type() const {
    MatmulShape shape;
    shape.factors = shape.output = data_type(number());
    if (number() == Number::fp32)
      shape.compute = strict_ ? CUBLAS_COMPUTE_32F_PEDANTIC : CUBLAS_COMPUTE_32F_FAST_TF32;
    return shape;
  }

  /// What the current layer's step reads beside its source, and which plans it may choose from.
  void add_weighted(Question question, std::vector<std::byte> weights, std::vector<std::byte> bias,
                    const Images& output, std::optional<Number> out_type = {}) {
    std::vector<size_t> reads = {source().buffer};
    std::optional<size_t> shortcut;
    if (layer().inputs.size() > 1) reads.push_back(*(shortcut = source(1).buffer));
    question.bytes = {plan_.buffers[reads[0]], weights.size(), bias.size(), shortcut ? bytes(output) : 0,
                      bytes(output)};
    question.type = data_type(number());
    Step& step = add_step(std::move(reads), output, "");
    if (out_type.value_or(number()) != number()) {
      plan_.values.back().number = *out_type;
      question.bytes.output = plan_.buffers[step.writes] =
          static_cast<size_t>(output.elements() * bytes_of(*out_type));
    }
    const char* factors = number() == Number::fp32 && !strict_ ? "tf32" : name_of(number());
    step.record.data_types =
        fmt::format("{}:{}:{}", name_of(number()), factors, name_of(out_type.value_or(number())));
    step.record.layouts.insert(step.record.layouts.find("::") + 1,
                               output.height * output.width > 1 ? images_layout : "ab");
    step.record.bytes += static_cast<int64_t>(weights.size()) - unread_bytes();
    plan_.weights += static_cast<int64_t>(weights.size()) / bytes_of(number());
    plan_.zero_weights += count_zeros(weights, number());
    const size_t at = plan_.steps.size() - 1;
    weighted_.push_back(
        {at, questions_.size(), new_constant(std::move(weights)), new_constant(std::move(bias)), shortcut});
    questions_.push_back(std::move(question));
  }

  void plan(const Input&) {}

  void plan(const Convolution& convolution) {
    const Images output = images_of(layer().shape);
    const Images& from = source().images;
    ConvolutionShape shape{from,
                           output,
                           sliding(convolution.window),
                           {convolution.window.padding_end[0], convolution.window.padding_end[1]},
                           convolution.groups,
                           layer().inputs.size() > 1,
                           elementwise(convolution.activation),
                           number(),
                           !strict_};
    const bool grouped = convolution.groups > 1, folded = fold_ && fold_->reader == layer_;
    if (folded) shape.window = sliding(fold_->window), shape.padding_end[0] = shape.padding_end[1] = 0;
    const Question question{text(shape),
                            [shape, of_type = product_of_type()](const std::string& only) {
                              return convolution_candidates(shape, of_type, only);
                            },
                            {},
                            {}};
    add_weighted(question,
                 pack_convolution(folded ? folded_weights(convolution, *fold_) : convolution.weights,
                                  grouped ? output.channels : output.stored,
                                  grouped ? from.channels / convolution.groups : from.stored, number()),
                 pack_bias(convolution.bias, output.stored, number()), output);
  }

  void plan(const Linear& linear) {
    const Images output = images_of(layer().shape);
    const Images& from = source().images;
    MatmulShape shape = product_of_type();
    const bool last = layer_ + 1 == network_.layers().size() && output.stored == output.channels;
    if (last) shape.output = CUDA_R_32F;  // as the caller wants it
    shape.rows = batch_;
    shape.columns = output.stored;
    shape.depth = from.height * from.width * from.stored;
    shape.bias = true;
    const Elementwise activation = elementwise(linear.activation);
    shape.relu = activation.kind == Elementwise::relu;
    const Number out_type = last ? Number::fp32 : number();
    const Question question{fmt::format("{} function {}", text(shape), static_cast<int>(activation.kind)),
                            [shape, activation, output, type = out_type](const std::string& only) {
                              std::vector<Candidate> candidates = cublas_candidates(shape, only);
                              if (!fusible(activation))
                                for (Candidate& candidate : candidates)
                                  candidate = followed_by(std::move(candidate), activation, output, type);
                              return candidates;
                            },
                            {},
                            {}};
    add_weighted(question, pack_linear(linear.weights, output.stored, from, number()),
                 pack_bias(linear.bias, output.stored, out_type), output, out_type);
  }

  void plan(const BatchNormalization&) {
    throw Error(
        fmt::format("cuda: layer '{}': batch normalization of vectors is not supported", layer().name));
  }

  void plan(const Activation& activation) {
    const Images images = source().images;
    add_own("elementwise", images,
            [images, code = elementwise(activation), type = number()](const void* from, void* to,
                                                                      cudaStream_t stream) {
              activate(from, to, images, code, type, stream);
            });
  }

  void plan(const Add& addition) {
    const Images images = source().images;
    const size_t a = source(0).buffer, b = source(1).buffer;
    Step& step = add_step({a, b}, images, "bitsweep:elementwise");
    step.run = [a, b, to = step.writes, images, code = elementwise(addition.activation), type = number()](
                   const Addresses& at, cudaStream_t stream) {
      add(at.buffers[a], at.buffers[b], at.buffers[to], images, code, type, stream);
    };
  }

  void plan(const Multiply&) {
    const Images images = source().images, other = source(1).images;
    const size_t a = source(0).buffer, b = source(1).buffer;
    const bool one_a_channel = other.pixels() != images.pixels();
    Step& step = add_step({a, b}, images, "bitsweep:elementwise");
    step.run = [a, b, to = step.writes, images, one_a_channel, type = number()](const Addresses& at,
                                                                                cudaStream_t stream) {
      multiply(at.buffers[a], at.buffers[b], at.buffers[to], images, one_a_channel, type, stream);
    };
  }

  void plan(const Concatenation&) {
    struct Part {
      size_t buffer;
      Images images;
      int64_t first;
    };
    std::vector<Part> parts;
    std::vector<size_t> reads;
    int64_t first = 0;
    for (size_t i = 0; i < layer().inputs.size(); ++i) {
      parts.push_back({source(i).buffer, source(i).images, first});
      reads.push_back(source(i).buffer);
      first += source(i).images.channels;
    }
    const Images output = images_of(layer().shape);
    Step& step = add_step(std::move(reads), output, "bitsweep:join_channels");
    step.run = [parts, to = step.writes, output, type = number()](const Addresses& at, cudaStream_t stream) {
      for (const auto& [buffer, images, channel] : parts)
        join_channels(at.buffers[buffer], images, at.buffers[to], output, channel, type, stream);
    };
  }

  void plan(const MaxPool& pool) {
    const Images from = source().images, to = images_of(layer().shape);
    add_own(
        "max_pool", to,
        [from, to, window = sliding(pool.window), type = number()](
            const void* a, void* b, cudaStream_t stream) { max_pool(a, b, from, to, window, type, stream); });
  }

  void plan(const AveragePool& pool) {
    const Images from = source().images, to = images_of(layer().shape);
    add_own("average_pool", to,
            [from, to, window = sliding(pool.window), counts = pool.count_padding, type = number()](
                const void* a, void* b, cudaStream_t stream) {
              average_pool(a, b, from, to, window, counts, type, stream);
            });
  }

  void plan(const GlobalAveragePool&) {
    const Images from = source().images;
    add_own("global_average", images_of(layer().shape),
            [from, type = number()](const void* a, void* b, cudaStream_t stream) {
              global_average(a, b, from, type, stream);
            });
  }

  /// Linear layers and the output read an image in its order; for others it becomes a vector.
  void plan(const Flatten&) {
    const Images from = source().images;
    bool readable = true;
    for (const Layer& reader : network_.layers())
      for (const size_t input : reader.inputs)
        readable &= input != layer_ || std::holds_alternative<Linear>(reader.operation);
    if (readable || from.height * from.width == 1) {
      plan_.values.push_back(source());
      return;
    }
    const Images to = images_of(layer().shape);
    add_own("flatten", to, [from, to, type = number()](const void* a, void* b, cudaStream_t stream) {
      flatten(a, from, b, to, type, stream);
    });
  }

  void plan(const Softmax&) {
    const Images images = source().images;
    add_own("softmax", images, [images, type = number()](const void* from, void* to, cudaStream_t stream) {
      softmax(from, to, images, type, stream);
    });
  }

  /// Chooses all plans at once, so that they are built side by side.
  void bind() {
    const auto& chosen = choose(questions_);
    for (const auto& [at, question, weights, bias, shortcut] : weighted_) {
      const Candidate& candidate = chosen.at(questions_[question].text);
      Step& step = plan_.steps[at];
      step.record.implementation = candidate.name;
      step.record.isa = candidate.unit;
      plan_.workspace_bytes = std::max(plan_.workspace_bytes, candidate.workspace_bytes);
      step.run = [run = candidate.run, from = step.reads[0], to = step.writes, weights = weights, bias = bias,
                  shortcut = shortcut](const Addresses& at, cudaStream_t stream) {
        run({at.buffers[from], at.constants[weights], at.constants[bias],
             shortcut ? at.buffers[*shortcut] : nullptr, at.buffers[to], at.workspace},
            stream);
      };
    }
  }

  /// Convolutions of a shortcut, which wait for the end of the block beside them.
  void find_side_steps() {
    for (size_t step = 0; step < plan_.steps.size(); ++step) {
      if (plan_.steps[step].record.kind != "convolution") continue;
      size_t reader = step + 1;
      const auto reads = [&](const Step& one) {
        return std::count(one.reads.begin(), one.reads.end(), plan_.steps[step].writes) > 0;
      };
      while (reader < plan_.steps.size() && !reads(plan_.steps[reader])) ++reader;
      if (reader == plan_.steps.size() || reader == step + 1) continue;
      plan_.steps[step].joined_by = reader;
      step = reader - 1;
    }
  }

  const Network& network_;
  int64_t batch_;
  bool strict_;
  size_t layer_ = 0;
  std::optional<Fold> fold_;
  Plan plan_;
  std::vector<Question> questions_;
  std::vector<Weighted> weighted_;
};

}  // namespace

Plan make_plan(const Network& network, const SessionRequest& request) {
  return Planner(network, request).make();
}

}  // namespace bitsweep::cuda
