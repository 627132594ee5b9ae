// Which range of an activation int8 is to cover: all of it wastes steps on rare large values, too little
// clips them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "harness/compression/histogram.h"
#include "harness/compression/quantization.h"
#include "harness/error.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

/// Steps from 0 to the largest magnitude: 8 bits without a sign, or 7 beside it.
size_t levels(const Histogram& histogram) {
  return histogram.has_negative() ? 127 : 255;
}

/// The observed range, cut at a magnitude.
Range clip(const Histogram& histogram, float magnitude) {
  return {std::max(histogram.range.low, -magnitude), std::min(histogram.range.high, magnitude)};
}

Range choose_all(const Histogram& histogram) {
  return histogram.range;
}

/// Covers 99.99 % of all values, zeros among them.
Range choose_percentile(const Histogram& histogram) {
  const int64_t total = std::accumulate(histogram.bins.begin(), histogram.bins.end(), histogram.zeros);
  const auto wanted = static_cast<int64_t>(std::ceil(0.9999 * static_cast<double>(total)));
  int64_t covered = histogram.zeros;
  size_t bins = 0;
  while (bins < Histogram::bin_count && covered < wanted) covered += histogram.bins[bins++];
  return clip(histogram, histogram.width() * static_cast<float>(std::max<size_t>(bins, 1)));
}

/// KL divergence between the first `kept` bins, the clipped rest added to the last, and the same bins after
/// they were merged into `steps` and spread out again evenly over those that were not empty.
double divergence(const std::vector<int64_t>& bins, size_t kept, size_t steps) {
  const int64_t clipped = std::accumulate(bins.begin() + kept, bins.end(), int64_t{0});
  const int64_t inside = std::accumulate(bins.begin(), bins.begin() + kept, int64_t{0});
  if (inside == 0) return std::numeric_limits<double>::infinity();
  const auto counted = [&](size_t bin) { return bins[bin] + (bin == kept - 1 ? clipped : 0); };
  double sum = 0;
  for (size_t step = 0; step < steps; ++step) {
    const size_t begin = step * kept / steps, end = (step + 1) * kept / steps;
    int64_t merged = 0, occupied = 0;
    for (size_t bin = begin; bin < end; ++bin) merged += bins[bin], occupied += counted(bin) > 0;
    // An empty last step counts as one value, else a clipping within a sparse tail could never be chosen.
    merged = std::max<int64_t>(merged, 1);
    for (size_t bin = begin; bin < end; ++bin) {
      if (counted(bin) == 0) continue;
      const double p = static_cast<double>(counted(bin)) / static_cast<double>(inside + clipped);
      const double q =
          static_cast<double>(merged) / static_cast<double>(occupied) / static_cast<double>(inside);
      sum += p * std::log(p / q);
    }
  }
  return sum;
}

/// The clipping that changes the distribution least, among those that clip at most 0.1 % of the values that
/// are not zero. Without that limit a candidate that clips nearly all is best where the values lie close
/// together, as after a sigmoid: the few inside and the heap in the last bin are both reproduced exactly, so
/// nothing seems lost. 1 % is too much for EfficientNet and MobileNet, whose SiLU and hard-swish have long
/// tails that matter. Source: Migacz, "8-bit Inference with TensorRT", GTC 2017; the limit is ours.
Range choose_entropy(const Histogram& histogram) {
  constexpr double most_clipped = 0.001;
  constexpr size_t stride =
      8;  // bins between candidates: the limit is found within 0.4 % of the largest value
  const size_t steps = levels(histogram) + 1;
  size_t best = Histogram::bin_count;
  double least = std::numeric_limits<double>::infinity();
  const std::vector<int64_t>& bins = histogram.bins;
  const auto allowed = static_cast<int64_t>(
      most_clipped * static_cast<double>(std::accumulate(bins.begin(), bins.end(), int64_t{0})));
  for (size_t kept = steps; kept <= Histogram::bin_count; kept += stride) {
    if (std::accumulate(bins.begin() + kept, bins.end(), int64_t{0}) > allowed) continue;
    const double lost = divergence(histogram.bins, kept, steps);
    if (lost < least) least = lost, best = kept;
  }
  return clip(histogram, histogram.width() * static_cast<float>(best));
}

/// Sum of squared errors if magnitudes up to `limit` are rounded to `steps` steps and the rest is clipped;
/// each bin stands at its middle.
double squared_error(const Histogram& histogram, float limit, size_t steps) {
  const float step = limit / static_cast<float>(steps);
  double sum = 0;
  for (size_t bin = 0; bin < Histogram::bin_count; ++bin) {
    const float value = histogram.width() * (static_cast<float>(bin) + 0.5F);
    const float error = value - std::min(std::nearbyint(value / step) * step, limit);
    sum += static_cast<double>(histogram.bins[bin]) * error * error;
  }
  return sum;
}

/// The clipping with the least squared error.
Range choose_least_error(const Histogram& histogram) {
  constexpr size_t candidates = 128;
  float best = histogram.largest();
  double least = std::numeric_limits<double>::infinity();
  for (size_t candidate = candidates; candidate > 0; --candidate) {
    const float limit = histogram.largest() * static_cast<float>(candidate) / candidates;
    const double error = squared_error(histogram, limit, levels(histogram));
    if (error < least) least = error, best = limit;
  }
  return clip(histogram, best);
}

/// Runs all images through the session; the last batch is filled up with its own first images.
void trace_all(Session& session, const Samples& images, int64_t batch, const Session::Observer& observe) {
  const int64_t image_size = element_count(images.shape);
  std::vector<float> input(batch * image_size);
  for (int64_t first = 0; first < images.count; first += batch) {
    const int64_t count = std::min(batch, images.count - first);
    for (int64_t i = 0; i < batch; ++i) {
      const float* image = &images.values[(first + i % count) * image_size];
      std::copy(image, image + image_size, &input[i * image_size]);
    }
    session.trace(input, observe);
  }
}

void extend(Range& range, std::span<const float> values, const Layer& layer) {
  float low = range.low, high = range.high;
  bool finite = true;
#pragma omp parallel for reduction(min : low) reduction(max : high) reduction(&& : finite)
  for (size_t i = 0; i < values.size(); ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    finite = finite && std::isfinite(values[i]);
  }
  if (!finite)
    throw Error(
        fmt::format("calibration: layer '{}' gives values that are not finite; right is a network that "
                    "works in fp32",
                    layer.name));
  range = {low, high};
}

/// The network's input, also seen as a vector.
bool is_input(const std::vector<Layer>& layers, size_t layer) {
  if (std::holds_alternative<Flatten>(layers[layer].operation))
    return is_input(layers, layers[layer].inputs[0]);
  return std::holds_alternative<Input>(layers[layer].operation);
}

}  // namespace

const std::vector<Calibration>& calibration_methods() {
  static const std::vector<Calibration> table = {
      {"minmax", "all values seen", choose_all},
      {"percentile", "99.99 % of the values seen", choose_percentile},
      {"entropy", "the clipping with the least KL divergence (TensorRT's)", choose_entropy},
      {"mse", "the clipping with the least squared error", choose_least_error},
  };
  return table;
}

std::vector<Range> calibrate(Session& session, const Network& network, const Samples& images, int64_t batch,
                             const std::string& method) {
  const Calibration& chosen = pick(calibration_methods(), "calibration method", method);
  if (images.count == 0) throw Error("calibration: there are no images; right is one or more");
  const std::vector<Layer>& layers = network.layers();
  std::vector<Range> ranges(layers.size());
  trace_all(session, images, batch, [&](size_t layer, std::span<const float> output) {
    extend(ranges[layer], output, layers[layer]);
  });
  const auto with_given = [&] {
    for (size_t layer = 0; layer < layers.size(); ++layer)
      if (layers[layer].range) ranges[layer] = *layers[layer].range;
    return ranges;
  };
  if (chosen.choose == choose_all) return with_given();

  std::vector<Histogram> histograms(ranges.begin(), ranges.end());
  trace_all(session, images, batch,
            [&](size_t layer, std::span<const float> output) { histograms[layer].add(output); });
  // Not the last: its largest values decide the class. Not the input: nothing bounds what its rare values
  // mean, and a background of one value (MNIST's is 80 % of an image) makes every method but minmax clip the
  // foreground away.
#pragma omp parallel for schedule(dynamic)
  for (size_t layer = 0; layer < layers.size() - 1; ++layer)
    if (!is_input(layers, layer) && histograms[layer].largest() > 0)
      ranges[layer] = chosen.choose(histograms[layer]);
  return with_given();
}

}  // namespace bitsweep
