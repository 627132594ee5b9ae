#include "harness/accuracy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>
#include <xxhash.h>

namespace bitsweep {
namespace {

constexpr double most_decibels = 300;  ///< beyond what fp32 can tell apart

/// A floor under the SQNR to the fp32 reference. A right engine stays well above, a wrong one (a layer
/// skipped, channels or images swapped, a saturated product) falls to 0 to 5 dB, where error and signal are
/// alike.
struct AccuracyFloor {
  Precision precision;
  double sqnr_db;
  const char* why;
};
constexpr AccuracyFloor floors[] = {
    // 24 bits give 144 dB; other orders of summation over some 10^4 terms and 50 layers leave 100. TF32 or
    // bf16 inside
    // would leave at most 55.
    {Precision::fp32, 60, "sums in another order leave 100 dB"},
    // 11 bits give 66 dB in one operation; 50 layers leave 45 to 55.
    {Precision::fp16, 30, "11 bits leave 45 dB over 50 layers"},
    // 8 bits give 48 dB in one operation; 50 layers leave 25 to 40.
    {Precision::bf16, 15, "8 bits leave 25 dB over 50 layers"},
    // Depends on network and calibration: 20 to 35 dB is usual; below 8 a sixth of the signal's power is
    // error.
    {Precision::int8, 8, "8-bit integers leave 20 dB where ranges were calibrated well"},
};

size_t largest(std::span<const float> row) {
  return std::max_element(row.begin(), row.end()) - row.begin();  // the first of equals
}

/// Whether fewer than k classes stand before `label`. NaN stands before everything but is never found itself.
bool among_first(std::span<const float> row, size_t label, int k) {
  if (std::isnan(row[label])) return false;
  int before = 0;
  for (size_t other = 0; other < row.size(); ++other)
    before += !(row[other] <= row[label]) || (row[other] == row[label] && other < label);
  return before < k;
}

double decibels(double signal, double noise) {
  if (!std::isfinite(noise)) return -most_decibels;
  if (noise == 0) return most_decibels;
  return std::clamp(10 * std::log10(signal / noise), -most_decibels, most_decibels);
}

bool mostly_zero(std::span<const float> outputs) {
  return static_cast<double>(std::count(outputs.begin(), outputs.end(), 0.0F)) >
         0.9 * static_cast<double>(outputs.size());
}

/// How often the most frequent row is there.
int64_t most_frequent_row(std::span<const float> outputs, size_t classes) {
  std::unordered_map<uint64_t, int64_t> counts;
  int64_t most = 0;
  for (size_t first = 0; first < outputs.size(); first += classes)
    most = std::max(most, ++counts[XXH3_64bits(&outputs[first], classes * sizeof(float))]);
  return most;
}

bool several_equal(std::span<const float> outputs, int64_t classes) {
  const auto rows = static_cast<int64_t>(outputs.size()) / classes;
  return rows > 1 && most_frequent_row(outputs, static_cast<size_t>(classes)) == rows;
}

}  // namespace

double top_k(std::span<const float> outputs, std::span<const int32_t> labels, int k) {
  if (labels.empty()) return 0;
  const size_t classes = outputs.size() / labels.size();
  int64_t found = 0;
  for (size_t row = 0; row < labels.size(); ++row)
    found += among_first(outputs.subspan(row * classes, classes), labels[row], k);
  return static_cast<double>(found) / static_cast<double>(labels.size());
}

std::vector<bool> right_answers(std::span<const float> outputs, std::span<const int32_t> labels) {
  const size_t classes = labels.empty() ? 0 : outputs.size() / labels.size();
  std::vector<bool> right;
  for (size_t row = 0; row < labels.size(); ++row)
    right.push_back(among_first(outputs.subspan(row * classes, classes), labels[row], 1));
  return right;
}

Fidelity fidelity(std::span<const float> outputs, std::span<const float> reference, int64_t classes) {
  double signal = 0, power = 0, noise = 0, product = 0;
  Fidelity result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const double right = reference[i], value = outputs[i], error = right - value;
    signal += right * right;
    power += value * value;
    product += right * value;
    noise += error * error;
    result.max_error = std::max(result.max_error, std::abs(error));
  }
  result.sqnr_db = decibels(signal, noise);
  if (!std::isfinite(noise)) {
    result.max_error = std::numeric_limits<float>::max();  // JSON knows no infinity
    return result;
  }
  // Two vectors of zeros are alike; a zero vector is like no other.
  result.cosine = signal > 0 && power > 0 ? product / std::sqrt(signal * power) : (signal == power ? 1 : 0);
  const size_t rows = outputs.size() / classes;
  int64_t agreed = 0;
  for (size_t row = 0; row < rows; ++row)
    agreed += largest(outputs.subspan(row * classes, classes)) ==
              largest(reference.subspan(row * classes, classes));
  result.top1_agreement = rows > 0 ? static_cast<double>(agreed) / static_cast<double>(rows) : 1;
  return result;
}

std::string values_hash(std::span<const float> values) {
  return fmt::format("{:016x}", XXH3_64bits(values.data(), values.size_bytes()));
}

std::vector<float> infer_all(Session& session, const Network& network, const Samples& images, int64_t batch) {
  const int64_t image_size = element_count(network.input_shape());
  const int64_t output_size = element_count(network.output_shape());
  std::vector<float> all(images.count * output_size), input(batch * image_size), output(batch * output_size);
  for (int64_t first = 0; first < images.count; first += batch) {
    const int64_t count = std::min(batch, images.count - first);
    const float* begin = &images.values[first * image_size];
    std::copy(begin, begin + count * image_size, input.begin());
    for (int64_t i = count; i < batch; ++i) std::copy(begin, begin + image_size, &input[i * image_size]);
    session.infer(input, output);
    std::copy_n(output.begin(), count * output_size, &all[first * output_size]);
  }
  return all;
}

std::string implausible(std::span<const float> outputs, std::span<const float> reference, int64_t classes) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (const auto broken = std::count_if(outputs.begin(), outputs.end(), std::not_fn(finite)); broken > 0)
    return fmt::format("{} of {} outputs are not finite", broken, outputs.size());
  const auto images = static_cast<int64_t>(outputs.size()) / classes;
  const int64_t same = most_frequent_row(outputs, static_cast<size_t>(classes));
  if (images > 1 && same == images)
    return fmt::format(
        "the outputs are the same for every image{}",
        several_equal(reference, classes) ? ", and so are the reference's: it is the network" : "");
  // A network that ends in a softmax may give zeros and ones, and these often, as the reference then does.
  if (mostly_zero(outputs) && !mostly_zero(reference))
    return fmt::format("{} of {} outputs are zero", std::count(outputs.begin(), outputs.end(), 0.0F),
                       outputs.size());
  const auto judged = static_cast<int64_t>(reference.size()) / classes;
  if (images > 1 && 2 * same > images &&
      2 * most_frequent_row(reference, static_cast<size_t>(classes)) <= judged)
    return fmt::format("the outputs are the same for {} of {} images", same, images);
  return "";
}

std::string too_far(const Fidelity& fidelity, Precision precision) {
  for (const AccuracyFloor& floor : floors)
    if (floor.precision == precision && !(fidelity.sqnr_db >= floor.sqnr_db))
      return fmt::format("SQNR to the reference is {:.1f} dB; right for {} is {} or more ({})",
                         fidelity.sqnr_db, to_text(precision), floor.sqnr_db, floor.why);
  return "";
}

}  // namespace bitsweep
