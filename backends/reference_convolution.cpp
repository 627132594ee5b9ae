// Convolutions as a product of matrices: weights [out, depth] times a tile [depth, pixels] of gathered input,
// where depth = in * kernel height * kernel width. Source: Chellapilla et al., 2006 (im2col).
#include <algorithm>
#include <memory>
#include <vector>

#include <omp.h>

#include "backends/reference_kernels.h"

// One version of the inner kernel for each generation of vector instructions, chosen when the program is
// loaded.
#if defined(__x86_64__)
#define BITSWEEP_FOR_EACH_ISA __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BITSWEEP_FOR_EACH_ISA
#endif

namespace bitsweep::reference {
namespace {

constexpr int64_t columns = 16;  ///< output pixels that are computed together, one vector
constexpr int64_t rows = 6;      ///< output channels that are computed together, one vector each
constexpr int64_t panels = 2;    ///< groups of `columns` pixels in a tile: weights are read once for all

/// A convolution as the loops need it. A linear layer is one over [in, 1, 1].
struct Problem {
  const float* weights;
  const float* bias;  ///< null for none
  Window window;
  int64_t groups;
  Activation activation;
  Shape input, output;
  int64_t batch;

  int64_t group_in() const { return input[0] / groups; }
  int64_t group_out() const { return output[0] / groups; }
  int64_t depth() const { return group_in() * window.kernel[0] * window.kernel[1]; }
  int64_t pixels() const { return output[1] * output[2]; }
};

/// Neighbouring output pixels of one row of one image, within one panel.
struct Piece {
  int64_t image, row, column, count;
  int64_t place;  ///< of the first, in its tile
};

/// Cuts output pixels [first, end), counted through all images, into pieces.
std::vector<Piece> cut(const Problem& problem, int64_t first, int64_t end) {
  std::vector<Piece> pieces;
  const int64_t width = problem.output[2];
  for (int64_t pixel = first; pixel < end;) {
    const int64_t place = pixel - first;
    const int64_t column = pixel % width;
    const int64_t count = std::min({end - pixel, width - column, columns - place % columns});
    const int64_t row = pixel / width;
    pieces.push_back({row / problem.output[1], row % problem.output[1], column, count, place});
    pixel += count;
  }
  return pieces;
}

/// to[i] = line[first + i * stride], or 0 outside of the line.
void gather_line(const float* line, int64_t width, int64_t first, int64_t stride, int64_t count, float* to) {
  const auto steps_to = [&](int64_t target) { return (target - first + stride - 1) / stride; };
  const int64_t begin = first >= 0 ? 0 : std::min(count, steps_to(0));
  const int64_t end = first >= width ? begin : std::clamp(steps_to(width), begin, count);
  std::fill(to, to + begin, 0.0F);
  if (stride == 1)
    std::copy(line + first + begin, line + first + end, to + begin);
  else
    for (int64_t i = begin; i < end; ++i) to[i] = line[first + i * stride];
  std::fill(to + end, to + count, 0.0F);
}

/// Gathers what the pixels of a piece see into tile [panels, depth, columns].
///   x  [group_in, height, width] of the piece's image and group
void gather(const Problem& problem, const Piece& piece, const float* x, float* tile) {
  const Window& window = problem.window;
  const int64_t height = problem.input[1], width = problem.input[2];
  float* to = tile + piece.place / columns * columns * problem.depth() + piece.place % columns;
  for (int64_t channel = 0; channel < problem.group_in(); ++channel, x += height * width)
    for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
      const int64_t y = piece.row * window.stride[0] - window.padding_begin[0] + ky * window.dilation[0];
      for (int64_t kx = 0; kx < window.kernel[1]; ++kx, to += columns) {
        const int64_t first =
            piece.column * window.stride[1] - window.padding_begin[1] + kx * window.dilation[1];
        if (y < 0 || y >= height)
          std::fill(to, to + piece.count, 0.0F);
        else
          gather_line(x + y * width, width, first, window.stride[1], piece.count, to);
      }
    }
}

/// sums[row] = Σ over depth of weights[row][depth] * panel[depth], the inner kernel.
///   weights  `rows` pointers to [depth]
///   panel    [depth, columns]
///   sums     [rows, columns]
BITSWEEP_FOR_EACH_ISA
void multiply(const float* const* weights, const float* panel, int64_t depth, float* sums) {
  float sum[rows][columns] = {};  // stays in registers
  for (int64_t k = 0; k < depth; ++k)
#pragma GCC unroll 6
    for (int64_t row = 0; row < rows; ++row)
#pragma omp simd
      for (int64_t column = 0; column < columns; ++column)
        sum[row][column] += weights[row][k] * panel[k * columns + column];
  std::copy_n(&sum[0][0], rows * columns, sums);
}

/// One channel of one piece: y = activation(sums + bias + shortcut?)
void finish(const float* sums, float bias, const float* shortcut, const Activation& activation, int64_t count,
            float* y) {
  for (int64_t i = 0; i < count; ++i) {
    float value = sums[i] + bias;
    if (shortcut) value += shortcut[i];
    y[i] = activate(activation, value);
  }
}

/// Output channels [first, end) of one group at the pixels of one tile.
void compute(const Problem& problem, const std::vector<Piece>& pieces, const float* tile, int64_t first,
             int64_t end, const float* shortcut, float* y) {
  float sums[rows * columns];
  for (int64_t channel = first; channel < end; channel += rows)
    for (int64_t panel = 0; panel < panels; ++panel) {
      const float* weights[rows];
      for (int64_t row = 0; row < rows; ++row)  // rows beyond the end compute the last channel again
        weights[row] = problem.weights + std::min(channel + row, end - 1) * problem.depth();
      if (panel * columns > pieces.back().place) continue;
      multiply(weights, tile + panel * columns * problem.depth(), problem.depth(), sums);
      for (const Piece& piece : pieces) {
        if (piece.place / columns != panel) continue;
        for (int64_t row = 0; row < std::min(rows, end - channel); ++row) {
          const int64_t offset = (piece.image * problem.output[0] + channel + row) * problem.pixels() +
                                 piece.row * problem.output[2] + piece.column;
          finish(sums + row * columns + piece.place % columns, problem.bias ? problem.bias[channel + row] : 0,
                 shortcut ? shortcut + offset : nullptr, problem.activation, piece.count, y + offset);
        }
      }
    }
}

void solve(const Problem& problem, int threads, const float* x, const float* shortcut, float* y) {
  const int64_t pixels = problem.batch * problem.pixels();
  const int64_t tiles = (pixels + panels * columns - 1) / (panels * columns);
  const int64_t tile_size = panels * columns * problem.depth();
  // Where tiles are fewer than threads, the channels of a tile are shared among several; each gathers the
  // tile anew.
  const int64_t parts = std::clamp<int64_t>(int64_t{2} * threads / (tiles * problem.groups), 1,
                                            (problem.group_out() + rows - 1) / rows);
  const auto scratch = std::make_unique<float[]>(threads * tile_size);
#pragma omp parallel for collapse(3) schedule(dynamic) num_threads(threads)
  for (int64_t group = 0; group < problem.groups; ++group)
    for (int64_t tile = 0; tile < tiles; ++tile)
      for (int64_t part = 0; part < parts; ++part) {
        const int64_t first = tile * panels * columns;
        const std::vector<Piece> pieces = cut(problem, first, std::min(first + panels * columns, pixels));
        float* gathered = &scratch[omp_get_thread_num() * tile_size];
        for (const Piece& piece : pieces) {
          const int64_t channel = piece.image * problem.input[0] + group * problem.group_in();
          gather(problem, piece, x + channel * problem.input[1] * problem.input[2], gathered);
        }
        const int64_t channels = problem.group_out();
        compute(problem, pieces, gathered, group * channels + channels * part / parts,
                group * channels + channels * (part + 1) / parts, shortcut, y);
      }
}

}  // namespace

void convolution(const Convolution& layer, const Shape& input, const Shape& output, Extent extent,
                 const float* x, const float* shortcut, float* y) {
  const Problem problem = {layer.weights.values.data(),
                           layer.bias.values.empty() ? nullptr : layer.bias.values.data(),
                           layer.window,
                           layer.groups,
                           layer.activation,
                           input,
                           output,
                           extent.batch};
  solve(problem, extent.threads, x, shortcut, y);
}

void linear(const Linear& layer, Extent extent, const float* x, float* y) {
  const Shape& weights = layer.weights.shape;
  const Problem problem = {layer.weights.values.data(),
                           layer.bias.values.empty() ? nullptr : layer.bias.values.data(),
                           Window{},
                           1,
                           layer.activation,
                           {weights[1], 1, 1},
                           {weights[0], 1, 1},
                           extent.batch};
  solve(problem, extent.threads, x, nullptr, y);
}

}  // namespace bitsweep::reference
