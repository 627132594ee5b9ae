#include "backends/onednn/steps.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include <fmt/format.h>

#include "harness/compression/quantization.h"
#include "harness/error.h"

namespace bitsweep::onednn {
namespace {

using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;

std::string to_text(Type type) {
  switch (type) {
    case Type::f32:
      return "f32";
    case Type::bf16:
      return "bf16";
    case Type::f16:
      return "f16";
    case Type::s8:
      return "s8";
    case Type::u8:
      return "u8";
    default:
      return "other";
  }
}

/// [batch, shape...]
memory::dims batched(int64_t batch, const Shape& shape) {
  memory::dims dims{batch};
  dims.insert(dims.end(), shape.begin(), shape.end());
  return dims;
}

Tag plain_tag(size_t dimensions) {
  constexpr Tag tags[] = {Tag::a, Tag::ab, Tag::abc, Tag::abcd, Tag::abcde};
  return tags[dimensions - 1];
}

memory::desc plain(const memory::dims& dims, Type type) { return {dims, type, plain_tag(dims.size())}; }
memory::desc any(const memory::dims& dims, Type type) { return {dims, type, Tag::any}; }

Type type_of(const memory::desc& description) {
#if DNNL_VERSION_MAJOR >= 3
  return description.get_data_type();
#else
  return description.data_type();
#endif
}

memory::dims dims_of(const memory::desc& description) {
#if DNNL_VERSION_MAJOR >= 3
  return description.get_dims();
#else
  return description.dims();
#endif
}

bool is_integer(Type type) { return type == Type::s8 || type == Type::u8; }

/// A layer with weights, in the words of oneDNN.
struct Weighted {
  const Tensor& weights;
  memory::dims dims;           ///< of the weights, with groups in front if there are any
  const Tensor& bias;
  bool relu;
  std::optional<size_t> shortcut;  ///< layer
};

class Builder {
 public:
  Builder(const dnnl::engine& engine, dnnl::stream& stream, const Network& network, const SessionRequest& request)
      : engine_(engine), stream_(stream), network_(network), request_(request), result_(engine), last_reader_(network.layers().size()) {
    find_last_readers();
  }

  Steps build() {
    for (size_t layer = 0; layer < network_.layers().size(); ++layer) {
      std::visit([&](const auto& operation) { add(layer, operation); }, network_.layers()[layer].operation);
      give_back_after(layer);
    }
    deliver_output();
    return std::move(result_);
  }

 private:
  // ---- values --------------------------------------------------------------------------------------------------

  /// A flattened value is its source's memory: reading it is reading the source.
  void find_last_readers() {
    const auto& layers = network_.layers();
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      last_reader_[layer] = layer;
      for (const size_t input : layers[layer].inputs) last_reader_[input] = layer;
    }
    for (size_t layer = layers.size(); layer-- > 0;)
      if (std::holds_alternative<Flatten>(layers[layer].operation)) {
        size_t& of_source = last_reader_[layers[layer].inputs[0]];
        of_source = std::max(of_source, last_reader_[layer]);
      }
    last_reader_.back() = layers.size();  // the output is read by the user
  }

  /// Buffers whose last reader was this layer serve again, unless the layer's own value lies in them.
  void give_back_after(size_t layer) {
    const void* own = result_.values[layer].memory.get_data_handle();
    for (size_t earlier = 0; earlier < layer; ++earlier) {
      const void* address = result_.values[earlier].memory.get_data_handle();
      if (last_reader_[earlier] == layer && address != own) result_.arena.give_back(address);
    }
  }

  bool is_last(size_t layer) const { return layer + 1 == network_.layers().size(); }

  /// How the value of a layer is stored.
  Type stored_type(size_t layer) const {
    if (is_last(layer)) return Type::f32;
    switch (request_.precision) {
      case Precision::bf16:
        return Type::bf16;
      case Precision::fp16:
        return Type::f16;
      case Precision::int8:
        return request_.ranges.at(layer).low >= 0 ? Type::u8 : Type::s8;
      default:
        return Type::f32;
    }
  }

  /// Real value of one integer step, symmetric about 0.
  float stored_scale(size_t layer) const {
    if (!is_integer(stored_type(layer))) return 1;
    const Range& range = request_.ranges.at(layer);
    const float largest = std::max(range.high, -range.low);
    return largest > 0 ? largest / (stored_type(layer) == Type::u8 ? 255.0F : 127.0F) : 1.0F;
  }

  /// The value of a layer in this layout and type, by a reorder if it is not so already.
  Value in_layout(size_t layer, const memory::desc& wanted, float scale) {
    const Value& value = result_.values[layer];
    if (value.memory.get_desc() == wanted) return value;
    const Value moved{result_.arena.take(wanted), scale};
    const Kernel kernel = reorder(engine_, value.memory.get_desc(), wanted, value.scale / scale);
    add_step(kernel, {{DNNL_ARG_FROM, value.memory}, {DNNL_ARG_TO, moved.memory}},
             {network_.layers()[layer].name, is_integer(type_of(wanted)) && !is_integer(type_of(value.memory.get_desc())) ? "quantize" : "reorder",
              "", to_text(type_of(value.memory.get_desc())) + ":" + to_text(type_of(wanted)), 0, 0,
              static_cast<int64_t>(value.memory.get_desc().get_size() + wanted.get_size())},
             std::nullopt);
    return moved;
  }

  // ---- steps ---------------------------------------------------------------------------------------------------

  void add_step(const Kernel& kernel, Arguments arguments, LayerRecord record, std::optional<size_t> completes) {
    arguments.insert(kernel.arguments.begin(), kernel.arguments.end());
    record.implementation = kernel.implementation;
    result_.steps.push_back({kernel.primitive, std::move(arguments), std::move(record), completes});
  }

  LayerRecord record_of(size_t layer, const std::string& types, int64_t bytes) const {
    const Layer& described = network_.layers()[layer];
    return {described.name, kind(described), "", types, 0, macs(network_, layer) * request_.batch, bytes};
  }

  void add(size_t /*layer*/, const Input&) {
    const memory user(plain(batched(request_.batch, network_.input_shape()), Type::f32), engine_, nullptr);
    result_.inputs.push_back(user);
    result_.values.push_back({user, 1});
  }

  void add(size_t layer, const Convolution& convolution) {
    const auto& inputs = network_.layers()[layer].inputs;
    memory::dims dims = convolution.weights.shape;
    if (convolution.groups > 1) {
      dims.front() /= convolution.groups;
      dims.insert(dims.begin(), convolution.groups);
    }
    const Weighted weighted{convolution.weights, dims, convolution.bias, convolution.relu,
                            inputs.size() > 1 ? std::optional(inputs[1]) : std::nullopt};
    add_weighted(layer, weighted, batched(request_.batch, network_.layers()[inputs[0]].shape),
                 [&](const auto& source, const auto& weights, const auto& bias, const auto& destination, const Epilogue& epilogue) {
                   return onednn::convolution(engine_, source, weights, bias, destination, convolution.window, epilogue);
                 });
  }

  void add(size_t layer, const Linear& linear) {
    // A flattened feature map stays as it is: the weights take its shape, and its layout, instead.
    memory::dims source = dims_of(result_.values[network_.layers()[layer].inputs[0]].memory.get_desc());
    memory::dims weights = source;
    weights.front() = linear.weights.shape.front();
    add_weighted(layer, {linear.weights, weights, linear.bias, linear.relu, std::nullopt}, source,
                 [&](const auto& source_any, const auto& weights_any, const auto& bias, const auto& destination, const Epilogue& epilogue) {
                   return inner_product(engine_, source_any, weights_any, bias, destination, epilogue);
                 });
  }

  template <class Make>
  void add_weighted(size_t layer, const Weighted& weighted, const memory::dims& source_dims, const Make& make) {
    const size_t input = network_.layers()[layer].inputs[0];
    const bool quantized = request_.precision == Precision::int8;
    // An integer that comes from pooling keeps its producer's type and scale; only fp32 must still be quantised.
    const Type given = type_of(result_.values[input].memory.get_desc());
    const Type source_type = quantized && is_integer(given) ? given : stored_type(input);
    const float source_scale = quantized && is_integer(given) ? result_.values[input].scale : stored_scale(input);
    const Type weight_type = quantized ? Type::s8 : stored_weight_type();

    QuantizedWeights integers;
    Epilogue epilogue{shortcut_of(weighted), weighted.relu, std::nullopt};
    if (quantized) {
      integers = quantize_per_channel(weighted.weights);
      epilogue.scales = Scales{source_scale, integers.scale, stored_scale(layer)};
    }
    const memory::dims shape = batched(request_.batch, network_.layers()[layer].shape);
    memory::desc destination = weighted.shortcut ? retyped(result_.values[*weighted.shortcut].memory.get_desc(), stored_type(layer))
                                                 : any(shape, stored_type(layer));
    if (is_last(layer) && !weighted.shortcut) destination = plain(shape, Type::f32);
    const memory::desc bias = weighted.bias.values.empty() ? memory::desc() : plain(weighted.bias.shape, Type::f32);
    const Kernel kernel = make(any(source_dims, source_type), any(weighted.dims, weight_type), bias, destination, epilogue);

    const Value source = in_layout(input, kernel.source, source_scale);
    Arguments arguments{{DNNL_ARG_SRC, source.memory}};
    arguments.emplace(DNNL_ARG_WEIGHTS, quantized ? pack(integers.values.data(), weighted.dims, Type::s8, kernel.weights)
                                                  : pack(weighted.weights.values.data(), weighted.dims, Type::f32, kernel.weights));
    if (!weighted.bias.values.empty()) {
      const std::vector<float> values = bias_values(weighted.bias, epilogue);
      arguments.emplace(DNNL_ARG_BIAS, pack(values.data(), weighted.bias.shape, Type::f32, bias));
    }
    const Value output{destination_memory(layer, kernel.destination, weighted.shortcut), stored_scale(layer)};
    arguments.emplace(DNNL_ARG_DST, output.memory);
    const auto bytes = static_cast<int64_t>(kernel.source.get_size() + kernel.weights.get_size() + kernel.destination.get_size());
    add_step(kernel, std::move(arguments),
             record_of(layer, fmt::format("{}:{}:{}", to_text(source_type), to_text(weight_type), to_text(type_of(kernel.destination))), bytes),
             layer);
    result_.values.push_back(output);
    if (source.memory.get_data_handle() != result_.values[input].memory.get_data_handle())
      result_.arena.give_back(source.memory.get_data_handle());
  }

  Type stored_weight_type() const {
    if (request_.precision == Precision::bf16) return Type::bf16;
    return request_.precision == Precision::fp16 ? Type::f16 : Type::f32;
  }

  std::optional<Shortcut> shortcut_of(const Weighted& weighted) const {
    if (!weighted.shortcut) return std::nullopt;
    const Value& value = result_.values[*weighted.shortcut];
    return Shortcut{value.scale, type_of(value.memory.get_desc())};
  }

  /// The same layout with elements of another type of the same size.
  static memory::desc retyped(const memory::desc& description, Type type) {
    if (type_of(description) == type) return description;
    dnnl_memory_desc_t changed{};
#if DNNL_VERSION_MAJOR >= 3
    throw std::logic_error("retyping is not written yet");
#else
    changed = description.data;
    changed.data_type = memory::convert_to_c(type);
    return memory::desc(changed);
#endif
  }

  memory destination_memory(size_t layer, const memory::desc& description, std::optional<size_t> shortcut) {
    if (shortcut) return memory(description, engine_, result_.values[*shortcut].memory.get_data_handle());
    if (is_last(layer) && description == output_description()) return result_.output = memory(description, engine_, nullptr);
    return result_.arena.take(description);
  }

  memory::desc output_description() const { return plain(batched(request_.batch, network_.output_shape()), Type::f32); }

  /// Weights from the user's row-major order into the layout of the primitive, once.
  memory pack(const void* values, const memory::dims& dims, Type type, const memory::desc& packed) {
    const memory from(plain(dims, type), engine_, const_cast<void*>(values));
    const memory to(packed, engine_);
    const Kernel kernel = reorder(engine_, from.get_desc(), packed, 1);
    kernel.primitive.execute(stream_, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
    stream_.wait();
    result_.weight_bytes += static_cast<int64_t>(packed.get_size());
    return to;
  }

  void add(size_t layer, const MaxPool& pool) { add_pool(layer, dnnl::algorithm::pooling_max, pool.window); }

  void add(size_t layer, const AveragePool& pool) {
    add_pool(layer, pool.count_padding ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding,
             pool.window);
  }

  void add(size_t layer, const GlobalAveragePool&) {
    const Shape& source = network_.layers()[network_.layers()[layer].inputs[0]].shape;
    Window window;
    window.kernel = {source[1], source[2]};
    add_pool(layer, dnnl::algorithm::pooling_avg_exclude_padding, window);
  }

  void add_pool(size_t layer, dnnl::algorithm algorithm, const Window& window) {
    const Value source = result_.values[network_.layers()[layer].inputs[0]];
    const memory::desc description = source.memory.get_desc();
    const memory::dims shape = batched(request_.batch, network_.layers()[layer].shape);
    add_unary(layer, source, pooling(engine_, algorithm, description, any(shape, type_of(description)), window));
  }

  void add(size_t layer, const Relu&) {
    const Value source = result_.values[network_.layers()[layer].inputs[0]];
    add_unary(layer, source, relu(engine_, source.memory.get_desc(), source.memory.get_desc()));
  }

  void add_unary(size_t layer, const Value& source, const Kernel& kernel) {
    const Value output{destination_memory(layer, kernel.destination, std::nullopt), source.scale};
    const std::string type = to_text(type_of(kernel.source));
    add_step(kernel, {{DNNL_ARG_SRC, source.memory}, {DNNL_ARG_DST, output.memory}},
             record_of(layer, type + ":" + type, static_cast<int64_t>(kernel.source.get_size() + kernel.destination.get_size())), layer);
    result_.values.push_back(output);
  }

  void add(size_t layer, const Add& addition) {
    const auto& inputs = network_.layers()[layer].inputs;
    const Value a = result_.values[inputs[0]];
    const Value b = in_layout(inputs[1], retyped(a.memory.get_desc(), type_of(result_.values[inputs[1]].memory.get_desc())),
                              result_.values[inputs[1]].scale);
    const float scale = stored_scale(layer);
    const memory::desc destination = any(batched(request_.batch, network_.layers()[layer].shape), stored_type(layer));
    const Kernel kernel = onednn::addition(engine_, a.memory.get_desc(), b.memory.get_desc(), destination, a.scale / scale, b.scale / scale,
                                           addition.relu);
    const Value output{destination_memory(layer, kernel.destination, std::nullopt), scale};
    const std::string types = fmt::format("{}:{}:{}", to_text(type_of(a.memory.get_desc())), to_text(type_of(b.memory.get_desc())),
                                          to_text(type_of(kernel.destination)));
    add_step(kernel, {{DNNL_ARG_SRC_0, a.memory}, {DNNL_ARG_SRC_1, b.memory}, {DNNL_ARG_DST, output.memory}},
             record_of(layer, types, static_cast<int64_t>(3 * kernel.destination.get_size())), layer);
    result_.values.push_back(output);
  }

  void add(size_t layer, const Flatten&) {
    const Value& source = result_.values[network_.layers()[layer].inputs[0]];
    if (source.memory.get_data_handle() != nullptr) {
      result_.values.push_back(source);
      return;
    }
    // The user's memory is in order: it can be seen as a vector.
    const memory view(plain(batched(request_.batch, network_.layers()[layer].shape), Type::f32), engine_, nullptr);
    result_.inputs.push_back(view);
    result_.values.push_back({view, 1});
  }

  void add(size_t layer, const BatchNormalization&) {
    throw Error(fmt::format("layer {}: oneDNN sessions take BatchNormalization only folded into a convolution", network_.layers()[layer].name));
  }

  /// The user's output is plain fp32.
  void deliver_output() {
    if (result_.output) return;
    const size_t last = network_.layers().size() - 1;
    const Value value = result_.values[last];
    result_.output = memory(output_description(), engine_, nullptr);
    memory::desc from = value.memory.get_desc();
    if (dims_of(from).size() != dims_of(output_description()).size()) from = from.reshape(dims_of(output_description()));
    const memory view(from, engine_, value.memory.get_data_handle());
    add_step(reorder(engine_, from, output_description(), value.scale), {{DNNL_ARG_FROM, view}, {DNNL_ARG_TO, result_.output}},
             {"output", "reorder", "", to_text(type_of(from)) + ":f32", 0, 0, static_cast<int64_t>(from.get_size())}, std::nullopt);
  }

  const dnnl::engine& engine_;
  dnnl::stream& stream_;
  const Network& network_;
  const SessionRequest& request_;
  Steps result_;
  std::vector<size_t> last_reader_;
};

}  // namespace

Steps build_steps(const dnnl::engine& engine, dnnl::stream& stream, const Network& network, const SessionRequest& request) {
  return Builder(engine, stream, network, request).build();
}

}  // namespace bitsweep::onednn
