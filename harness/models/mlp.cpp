#include <charconv>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/models/families.h"
#include "harness/models/seeded.h"

namespace bitsweep {
namespace {

constexpr float centring = 0.5F;  ///< of seeded filters, see seeded.h
constexpr int64_t most_width = 65536;

/// "784-128-64-10" as numbers.
std::vector<int64_t> read_widths(const std::string& text) {
  std::vector<int64_t> widths;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t width = 0;
    const auto [after, error] = std::from_chars(at, end, width);
    const bool fits = error == std::errc() && width >= 1 && width <= most_width;
    if (fits) widths.push_back(width);
    if (fits && after == end && widths.size() >= 2) return widths;
    if (!fits || after == end || *after != '-')
      throw Error(
          fmt::format("its widths do not fit; right is two or more, each 1 to {}, such as "
                      "784-128-64-10",
                      most_width));
    at = after + 1;
  }
}

Shape input_shape(int64_t width) {
  if (width == 784) return {1, 28, 28};
  if (width == 3072) return {3, 32, 32};
  return {width};
}

Network mlp(const std::vector<int64_t>& widths, int64_t seed) {
  Network network("mlp", input_shape(widths.front()));
  network.add("flatten", Flatten{});
  for (size_t layer = 1; layer < widths.size(); ++layer) {
    if (layer > 1) network.add(fmt::format("relu{}", layer - 1), relu);
    network.add(fmt::format("fc{}", layer), seeded_linear(widths[layer - 1], widths[layer], centring, seed,
                                                          static_cast<int64_t>(network.layers().size())));
  }
  return network;
}

}  // namespace

std::vector<Model> mlp_models() {
  return {{"mlp",
           "perceptron with ReLU of any widths, mlp:WIDTH-WIDTH-...; 784-128-64-10 for 28x28 grey images",
           "784-128-64-10", [](const std::string& argument) -> Build {
             return [widths = read_widths(argument)](int64_t seed) { return mlp(widths, seed); };
           }}};
}

}  // namespace bitsweep
