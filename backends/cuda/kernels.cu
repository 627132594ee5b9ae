#include <algorithm>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "backends/cuda/check.h"
#include "backends/cuda/kernels.h"

namespace bitsweep::cuda {
namespace {

constexpr int block_threads = 256;

/// The numbers of one 16-byte access.
template <class T>
struct alignas(16) Pack {
  static constexpr int size = static_cast<int>(16 / sizeof(T));
  T values[size];
};

__device__ float real(float value) {
  return value;
}
__device__ float real(__half value) {
  return __half2float(value);
}
__device__ float real(__nv_bfloat16 value) {
  return __bfloat162float(value);
}
template <class T>
__device__ T stored(float value);
template <>
__device__ float stored<float>(float value) {
  return value;
}
template <>
__device__ __half stored<__half>(float value) {
  return __float2half_rn(value);
}
template <>
__device__ __nv_bfloat16 stored<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

__device__ float apply(const Elementwise& activation, float x) {
  switch (activation.kind) {
    case Elementwise::identity:
      return x;
    case Elementwise::relu:
      return fmaxf(x, 0.0F);
    case Elementwise::leaky_relu:
      return x < 0 ? activation.alpha * x : x;
    case Elementwise::clip:
      return fminf(fmaxf(x, activation.alpha), activation.beta);
    case Elementwise::sigmoid:
      return 1.0F / (1.0F + expf(-x));
    case Elementwise::hard_sigmoid:
      return fminf(fmaxf(activation.alpha * x + activation.beta, 0.0F), 1.0F);
    case Elementwise::hard_swish:
      return x * fminf(fmaxf(x / 6.0F + 0.5F, 0.0F), 1.0F);
    case Elementwise::silu:
      return x / (1.0F + expf(-x));
  }
  return x;
}

__device__ int64_t global_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

template <class T>
const Pack<T>* packs(const void* values) {
  return static_cast<const Pack<T>*>(values);
}
template <class T>
Pack<T>* packs(void* values) {
  return static_cast<Pack<T>*>(values);
}

unsigned blocks_for(int64_t count) {
  return static_cast<unsigned>((count + block_threads - 1) / block_threads);
}

/// Calls launch(T()) for the type of the numbers.
template <class Launch>
void with_type(Number number, const char* place, const Launch& launch) {
  switch (number) {
    case Number::fp32:
      launch(float());
      break;
    case Number::fp16:
      launch(__half());
      break;
    case Number::bf16:
      launch(__nv_bfloat16());
      break;
  }
  check(cudaGetLastError(), place);
}

/// A thread a pixel and pack of channels.
template <class T>
__global__ void convert_in(const float* __restrict__ from, Pack<T>* __restrict__ to, Images images) {
  constexpr int size = Pack<T>::size;
  const int64_t plane = images.height * images.width, groups = images.stored / size;
  const int64_t index = global_index();
  if (index >= images.pixels() * groups) return;
  // Neighbouring threads read neighbouring pixels of a plane.
  const int64_t pixel = index % plane, group = index / plane % groups, image = index / (plane * groups);
  Pack<T> pack;
#pragma unroll
  for (int k = 0; k < size; ++k) {
    const int64_t channel = group * size + k;
    const float value =
        channel < images.channels ? __ldg(from + (image * images.channels + channel) * plane + pixel) : 0.0F;
    pack.values[k] = stored<T>(value);
  }
  to[(image * plane + pixel) * groups + group] = pack;
}

/// A thread a pixel and pack of channels of the gathered image: channel (tap, channel) is that channel of the
/// pixel under the tap; what lies beyond the source is 0.
template <class T>
__global__ void gather_in(const float* __restrict__ from, Pack<T>* __restrict__ to, Images source,
                          Images gathered, Gather gather) {
  constexpr int size = Pack<T>::size;
  const int64_t plane = gathered.height * gathered.width, groups = gathered.stored / size;
  const int64_t index = global_index();
  if (index >= gathered.pixels() * groups) return;
  const int64_t pixel = index % plane, group = index / plane % groups, image = index / (plane * groups);
  const int row = static_cast<int>(pixel / gathered.width), column = static_cast<int>(pixel % gathered.width);
  const int channels = static_cast<int>(source.channels);
  Pack<T> pack;
#pragma unroll
  for (int k = 0; k < size; ++k) {
    const int at = static_cast<int>(group) * size + k;
    const auto [y, x, channel] = gathered_from(gather, row, column, at, channels);
    const bool inside = at < gathered.channels && y >= 0 && y < source.height && x >= 0 && x < source.width;
    pack.values[k] = stored<T>(
        inside ? __ldg(from + ((image * channels + channel) * source.height + y) * source.width + x) : 0.0F);
  }
  to[(image * plane + pixel) * groups + group] = pack;
}

template <class T>
__global__ void convert_out(const T* __restrict__ from, float* __restrict__ to, Images images) {
  const int64_t index = global_index();
  if (index >= images.pixels() * images.channels) return;
  const int64_t plane = images.height * images.width;
  const int64_t pixel = index % plane, channel = index / plane % images.channels,
                image = index / (plane * images.channels);
  to[index] = real(from[(image * plane + pixel) * images.stored + channel]);
}

template <class T, bool max>
__global__ void pool(const Pack<T>* __restrict__ from, Pack<T>* __restrict__ to, Images source, Images output,
                     Sliding window, bool count_padding) {
  constexpr int size = Pack<T>::size;
  const int groups = static_cast<int>(source.stored / size);
  const int64_t index = global_index();
  if (index >= output.pixels() * groups) return;
  const int group = static_cast<int>(index % groups);
  const int64_t pixel = index / groups;
  const int column = static_cast<int>(pixel % output.width),
            row = static_cast<int>(pixel / output.width % output.height);
  const int64_t image = pixel / (output.width * output.height);
  float values[size];
#pragma unroll
  for (int k = 0; k < size; ++k) values[k] = max ? -INFINITY : 0.0F;
  int count = 0;
  for (int y = 0; y < window.kernel[0]; ++y) {
    const int at_row = static_cast<int>(row * window.stride[0] - window.padding[0] + y * window.dilation[0]);
    if (at_row < 0 || at_row >= source.height) continue;
    for (int x = 0; x < window.kernel[1]; ++x) {
      const int at_column =
          static_cast<int>(column * window.stride[1] - window.padding[1] + x * window.dilation[1]);
      if (at_column < 0 || at_column >= source.width) continue;
      const Pack<T> pack =
          from[((image * source.height + at_row) * source.width + at_column) * groups + group];
      ++count;
#pragma unroll
      for (int k = 0; k < size; ++k) {
        const float value = real(pack.values[k]);
        values[k] = max ? fmaxf(values[k], value) : values[k] + value;
      }
    }
  }
  if (count_padding) count = static_cast<int>(window.kernel[0] * window.kernel[1]);
  Pack<T> result;
#pragma unroll
  for (int k = 0; k < size; ++k)
    result.values[k] = stored<T>(max ? (count > 0 ? values[k] : 0.0F) : values[k] / fmaxf(count, 1));
  to[pixel * groups + group] = result;
}

/// A block an image and 32 packs of channels side by side; 8 threads share the pixels of each.
template <class T>
__global__ void average_all(const Pack<T>* __restrict__ from, Pack<T>* __restrict__ to, Images source) {
  constexpr int size = Pack<T>::size, sharing = block_threads / 32;
  const int groups = static_cast<int>(source.stored / size);
  const int group = static_cast<int>(blockIdx.x * 32 + threadIdx.x);
  const int64_t image = blockIdx.y, plane = source.height * source.width;
  __shared__ float sums[sharing][size][32];
  float sum[size] = {};
  if (group < groups)
    for (int64_t pixel = threadIdx.y; pixel < plane; pixel += sharing) {
      const Pack<T> pack = from[(image * plane + pixel) * groups + group];
#pragma unroll
      for (int k = 0; k < size; ++k) sum[k] += real(pack.values[k]);
    }
#pragma unroll
  for (int k = 0; k < size; ++k) sums[threadIdx.y][k][threadIdx.x] = sum[k];
  __syncthreads();
  if (threadIdx.y != 0 || group >= groups) return;
  Pack<T> result;
#pragma unroll
  for (int k = 0; k < size; ++k) {
    float all = 0;
#pragma unroll
    for (int y = 0; y < sharing; ++y) all += sums[y][k][threadIdx.x];
    result.values[k] = stored<T>(all / static_cast<float>(plane));
  }
  to[image * groups + group] = result;
}

enum class Second { none, added, multiplied, multiplied_a_channel };

template <class T, Second second>
__global__ void combine(const Pack<T>* a, const Pack<T>* b, Pack<T>* to, Images images,
                        Elementwise activation) {
  constexpr int size = Pack<T>::size;
  const int64_t groups = images.stored / size, index = global_index();
  if (index >= images.pixels() * groups) return;
  Pack<T> result = a[index], other;
  if (second == Second::added || second == Second::multiplied) other = b[index];
  if (second == Second::multiplied_a_channel)
    other = b[index / (groups * images.height * images.width) * groups + index % groups];
#pragma unroll
  for (int k = 0; k < size; ++k) {
    float value = real(result.values[k]);
    if (second == Second::added) value += real(other.values[k]);
    if (second == Second::multiplied || second == Second::multiplied_a_channel)
      value *= real(other.values[k]);
    result.values[k] = stored<T>(apply(activation, value));
  }
  to[index] = result;
}

template <class T>
__global__ void finish_convolution(Pack<T>* to, const Pack<T>* bias, const Pack<T>* shortcut, Images images,
                                   Elementwise activation) {
  constexpr int size = Pack<T>::size;
  const int64_t groups = images.stored / size, index = global_index();
  if (index >= images.pixels() * groups) return;
  Pack<T> result = to[index], other;
  const Pack<T> shift = bias[index % groups];
  if (shortcut) other = shortcut[index];
#pragma unroll
  for (int k = 0; k < size; ++k) {
    float value = real(result.values[k]) + real(shift.values[k]);
    if (shortcut) value += real(other.values[k]);
    result.values[k] = stored<T>(apply(activation, value));
  }
  to[index] = result;
}

/// A block a pixel.
template <class T>
__global__ void softmax_of(const T* __restrict__ from, T* __restrict__ to, Images images) {
  __shared__ float shared[block_threads];
  const T* source = from + static_cast<int64_t>(blockIdx.x) * images.stored;
  T* target = to + static_cast<int64_t>(blockIdx.x) * images.stored;
  const auto reduce = [&](float value, bool max) {
    shared[threadIdx.x] = value;
    __syncthreads();
    for (int half = block_threads / 2; half > 0; half /= 2) {
      if (threadIdx.x < half) {
        const float other = shared[threadIdx.x + half];
        shared[threadIdx.x] = max ? fmaxf(shared[threadIdx.x], other) : shared[threadIdx.x] + other;
      }
      __syncthreads();
    }
    const float result = shared[0];
    __syncthreads();
    return result;
  };
  float largest = -INFINITY, sum = 0;
  for (int64_t channel = threadIdx.x; channel < images.channels; channel += block_threads)
    largest = fmaxf(largest, real(source[channel]));
  largest = reduce(largest, true);
  for (int64_t channel = threadIdx.x; channel < images.channels; channel += block_threads)
    sum += expf(real(source[channel]) - largest);
  sum = reduce(sum, false);
  for (int64_t channel = threadIdx.x; channel < images.stored; channel += block_threads)
    target[channel] =
        stored<T>(channel < images.channels ? expf(real(source[channel]) - largest) / sum : 0.0F);
}

template <class T>
__global__ void join(const T* __restrict__ from, Images source, T* __restrict__ to, Images output,
                     int64_t first, int64_t written) {
  const int64_t index = global_index();
  if (index >= source.pixels() * written) return;
  const int64_t channel = index % written, pixel = index / written;
  to[pixel * output.stored + first + channel] =
      channel < source.channels ? from[pixel * source.stored + channel] : stored<T>(0.0F);
}

template <class T>
__global__ void to_vector(const T* __restrict__ from, Images source, T* __restrict__ to, Images output) {
  const int64_t index = global_index();
  if (index >= output.batch * output.stored) return;
  const int64_t element = index % output.stored, image = index / output.stored;
  const int64_t plane = source.height * source.width, pixel = element % plane, channel = element / plane;
  to[index] =
      element < output.channels ? from[(image * plane + pixel) * source.stored + channel] : stored<T>(0.0F);
}

template <class T>
__global__ void convolve(const T* __restrict__ from, const T* __restrict__ weights,
                         const T* __restrict__ bias, const T* __restrict__ shortcut, T* __restrict__ to,
                         Images source, Images output, Sliding window, int64_t groups,
                         Elementwise activation) {
  const int64_t index = global_index();
  if (index >= output.elements()) return;
  const int channel = static_cast<int>(index % output.stored);
  const int64_t pixel = index / output.stored;
  if (channel >= output.channels) {
    to[index] = stored<T>(0.0F);
    return;
  }
  const int column = static_cast<int>(pixel % output.width),
            row = static_cast<int>(pixel / output.width % output.height);
  const int64_t image = pixel / (output.width * output.height);
  const int inputs = static_cast<int>(source.channels / groups);
  const int first = static_cast<int>(channel / (output.channels / groups)) * inputs;
  const T* weight = weights + channel * window.kernel[0] * window.kernel[1] * inputs;
  float sum = real(bias[channel]);
  for (int y = 0; y < window.kernel[0]; ++y) {
    const int at_row = static_cast<int>(row * window.stride[0] - window.padding[0] + y * window.dilation[0]);
    for (int x = 0; x < window.kernel[1]; ++x, weight += inputs) {
      const int at_column =
          static_cast<int>(column * window.stride[1] - window.padding[1] + x * window.dilation[1]);
      if (at_row < 0 || at_row >= source.height || at_column < 0 || at_column >= source.width) continue;
      const T* at =
          from + ((image * source.height + at_row) * source.width + at_column) * source.stored + first;
      for (int in = 0; in < inputs; ++in) sum += real(weight[in]) * real(at[in]);
    }
  }
  if (shortcut) sum += real(shortcut[index]);
  to[index] = stored<T>(apply(activation, sum));
}

template <Second second>
void combined(const void* a, const void* b, void* to, const Images& images, const Elementwise& activation,
              Number number, cudaStream_t stream, const char* place) {
  with_type(number, place, [&](auto type) {
    using T = decltype(type);
    combine<T, second><<<blocks_for(images.elements() / Pack<T>::size), block_threads, 0, stream>>>(
        packs<T>(a), packs<T>(b), packs<T>(to), images, activation);
  });
}

template <bool max>
void pooled(const void* from, void* to, const Images& source, const Images& output, const Sliding& window,
            bool count_padding, Number number, cudaStream_t stream) {
  with_type(number, "pool", [&](auto type) {
    using T = decltype(type);
    pool<T, max><<<blocks_for(output.elements() / Pack<T>::size), block_threads, 0, stream>>>(
        packs<T>(from), packs<T>(to), source, output, window, count_padding);
  });
}

}  // namespace

void images_in(const float* from, void* to, const Images& images, Number number, cudaStream_t stream) {
  with_type(number, "convert the input", [&](auto type) {
    using T = decltype(type);
    convert_in<T><<<blocks_for(images.elements() / Pack<T>::size), block_threads, 0, stream>>>(
        from, packs<T>(to), images);
  });
}

void images_gathered_in(const float* from, void* to, const Images& source, const Images& gathered,
                        const Gather& gather, Number number, cudaStream_t stream) {
  with_type(number, "convert the input", [&](auto type) {
    using T = decltype(type);
    gather_in<T><<<blocks_for(gathered.elements() / Pack<T>::size), block_threads, 0, stream>>>(
        from, packs<T>(to), source, gathered, gather);
  });
}

void images_out(const void* from, float* to, const Images& images, Number number, cudaStream_t stream) {
  with_type(number, "convert the output", [&](auto type) {
    using T = decltype(type);
    convert_out<T><<<blocks_for(images.pixels() * images.channels), block_threads, 0, stream>>>(
        static_cast<const T*>(from), to, images);
  });
}

void max_pool(const void* from, void* to, const Images& source, const Images& output, const Sliding& window,
              Number number, cudaStream_t stream) {
  pooled<true>(from, to, source, output, window, false, number, stream);
}

void average_pool(const void* from, void* to, const Images& source, const Images& output,
                  const Sliding& window, bool count_padding, Number number, cudaStream_t stream) {
  pooled<false>(from, to, source, output, window, count_padding, number, stream);
}

void global_average(const void* from, void* to, const Images& source, Number number, cudaStream_t stream) {
  with_type(number, "average the images", [&](auto type) {
    using T = decltype(type);
    const auto groups = static_cast<unsigned>(source.stored / Pack<T>::size);
    average_all<T><<<dim3((groups + 31) / 32, static_cast<unsigned>(source.batch)),
                     dim3(32, block_threads / 32), 0, stream>>>(packs<T>(from), packs<T>(to), source);
  });
}

void activate(const void* a, void* to, const Images& images, const Elementwise& activation, Number number,
              cudaStream_t stream) {
  combined<Second::none>(a, a, to, images, activation, number, stream, "apply an activation");
}

void add(const void* a, const void* b, void* to, const Images& images, const Elementwise& activation,
         Number number, cudaStream_t stream) {
  combined<Second::added>(a, b, to, images, activation, number, stream, "add");
}

void multiply(const void* a, const void* b, void* to, const Images& images, bool one_a_channel, Number number,
              cudaStream_t stream) {
  if (one_a_channel)
    combined<Second::multiplied_a_channel>(a, b, to, images, {}, number, stream, "multiply");
  else
    combined<Second::multiplied>(a, b, to, images, {}, number, stream, "multiply");
}

void finish(void* to, const void* bias, const void* shortcut, const Images& images,
            const Elementwise& activation, Number number, cudaStream_t stream) {
  with_type(number, "finish a convolution", [&](auto type) {
    using T = decltype(type);
    finish_convolution<T><<<blocks_for(images.elements() / Pack<T>::size), block_threads, 0, stream>>>(
        packs<T>(to), packs<T>(bias), packs<T>(shortcut), images, activation);
  });
}

void softmax(const void* from, void* to, const Images& images, Number number, cudaStream_t stream) {
  with_type(number, "softmax", [&](auto type) {
    using T = decltype(type);
    softmax_of<T><<<static_cast<unsigned>(images.pixels()), block_threads, 0, stream>>>(
        static_cast<const T*>(from), static_cast<T*>(to), images);
  });
}

void join_channels(const void* from, const Images& source, void* to, const Images& output, int64_t first,
                   Number number, cudaStream_t stream) {
  const bool last = first + source.channels == output.channels;
  const int64_t written = last ? output.stored - first : source.channels;
  with_type(number, "join channels", [&](auto type) {
    using T = decltype(type);
    join<T><<<blocks_for(source.pixels() * written), block_threads, 0, stream>>>(
        static_cast<const T*>(from), source, static_cast<T*>(to), output, first, written);
  });
}

void flatten(const void* from, const Images& source, void* to, const Images& output, Number number,
             cudaStream_t stream) {
  with_type(number, "flatten", [&](auto type) {
    using T = decltype(type);
    to_vector<T><<<blocks_for(output.batch * output.stored), block_threads, 0, stream>>>(
        static_cast<const T*>(from), source, static_cast<T*>(to), output);
  });
}

void direct_convolution(const void* from, const void* weights, const void* bias, const void* shortcut,
                        void* to, const Images& source, const Images& output, const Sliding& window,
                        int64_t groups, const Elementwise& activation, Number number, cudaStream_t stream) {
  with_type(number, "convolve directly", [&](auto type) {
    using T = decltype(type);
    convolve<T><<<blocks_for(output.elements()), block_threads, 0, stream>>>(
        static_cast<const T*>(from), static_cast<const T*>(weights), static_cast<const T*>(bias),
        static_cast<const T*>(shortcut), static_cast<T*>(to), source, output, window, groups, activation);
  });
}

}  // namespace bitsweep::cuda
