// How often are two equal things called different, and how often is a small slowdown found? Measures pairs on
// this machine by the means of a sweep: interleaved rounds, the same stopping rule, the same bootstrap.
//   verdicts [MODEL [BATCH [EQUAL_PAIRS [SLOWED_PAIRS [SECONDS]]]]]     default: mlp 64 200 100 1
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/datasets/datasets.h"
#include "harness/denormals.h"
#include "harness/explanation.h"
#include "harness/fusion.h"
#include "harness/input_pool.h"
#include "harness/machine.h"
#include "harness/measure.h"
#include "harness/models/models.h"
#include "harness/table.h"

using namespace bitsweep;
using Clock = std::chrono::steady_clock;

namespace {

/// One side of a pair: a session of its own, with memory of its own.
class Side {
 public:
  Side(const Network& network, const InputPool& inputs, int64_t batch, int threads, double slowdown)
      : session_(
            pick(backends(), "backend", "onednn").prepare(network, {Precision::fp32, batch, threads, {}})),
        inputs_(inputs),
        output_(static_cast<size_t>(batch * element_count(network.output_shape()))),
        slowdown_(slowdown) {}

  void step() {
    const Clock::time_point begin = Clock::now();
    session_->infer(inputs_[next_++], output_);
    if (slowdown_ == 0) return;
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>((Clock::now() - begin) * slowdown_);
    while (Clock::now() < end) {
    }
  }

 private:
  std::unique_ptr<Session> session_;
  const InputPool& inputs_;
  std::vector<float> output_;
  double slowdown_;
  int64_t next_ = 0;
};

class Trials {
 public:
  Trials(const std::string& model, int64_t batch, double seconds)
      : network_(fuse(build_model(model, 1))),
        images_(pick(datasets(), "dataset", "synthetic").test(network_.input_shape(), 4 * batch, 1)),
        inputs_(images_, batch, int64_t{64} << 20),
        batch_(batch),
        threads_(inspect_machine().physical_cores) {
    how_.max_time_s = seconds;
    flush_denormals(threads_);
  }

  /// The speed of a session that is slowed down by this share, over that of one that is not.
  Ratio measure(double slowdown) {
    Side plain(network_, inputs_, batch_, threads_, 0), slowed(network_, inputs_, batch_, threads_, slowdown);
    const auto measured = measure_interleaved(
        {{"plain", [&] { plain.step(); }}, {"slowed", [&] { slowed.step(); }}}, how_, [](size_t) {});
    return speed_ratio(measured[0].round_medians, measured[1].round_medians);
  }

 private:
  Network network_;
  Samples images_;
  InputPool inputs_;
  int64_t batch_;
  int threads_;
  Measure how_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int position, const char* otherwise) {
    return std::string(argc > position ? argv[position] : otherwise);
  };
  const std::string model = given(1, "mlp");
  Trials trials(model, std::stoll(given(2, "64")), std::stod(given(5, "1")));
  constexpr double slowdown = 0.03;
  const int equal_pairs = std::stoi(given(3, "200")), slowed_pairs = std::stoi(given(4, "100"));
  int called_different = 0, found = 0;
  for (int i = 0; i < equal_pairs; ++i) {
    const Ratio ratio = trials.measure(0);
    called_different += differ(ratio);
    if (differ(ratio)) fmt::print("equal, called different: {}, {} rounds\n", to_text(ratio), ratio.rounds);
  }
  for (int i = 0; i < slowed_pairs; ++i) {
    const Ratio ratio = trials.measure(slowdown);
    const bool right = differ(ratio) && ratio.value < 1;
    found += right;
    if (!right) fmt::print("3 % slower, not found: {}, {} rounds\n", to_text(ratio), ratio.rounds);
  }
  fmt::print("{}, batch {}: {} of {} equal pairs called different; {} of {} slowdowns of 3 % found\n", model,
             given(2, "64"), called_different, equal_pairs, found, slowed_pairs);
  return 0;
}
