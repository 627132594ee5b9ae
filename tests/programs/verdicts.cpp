// How often are two equal things called different, and how often is a small slowdown found? Measures pairs on
// this machine by the means of a sweep: interleaved rounds, the same stopping rule, the same bootstrap.
//   verdicts [MODEL [BATCH [EQUAL_PAIRS [SLOWED_PAIRS [SECONDS]]]]]     default: resnet20 1 200 100 1
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/block_timing.h"
#include "harness/caches.h"
#include "harness/denormals.h"
#include "harness/error.h"
#include "harness/explanation.h"
#include "harness/machine.h"
#include "harness/prepare.h"
#include "harness/timed_run.h"

using namespace bitsweep;
using Clock = std::chrono::steady_clock;

namespace {

/// The step, but longer by this share of its time.
std::function<void()> slowed(std::function<void()> step, double share) {
  return [step = std::move(step), share] {
    const Clock::time_point begin = Clock::now();
    step();
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>((Clock::now() - begin) * share);
    while (Clock::now() < end) {
    }
  };
}

class Trials {
 public:
  Trials(const std::string& model, int64_t batch, double seconds) : machine_(inspect_machine()) {
    run_.model = model;
    run_.batch = batch;
    how_.max_time_s = seconds;
    flush_denormals(machine_.physical_cores);
  }

  /// The speed of the run when it is slowed down by this share, over that of the same run when it is not;
  /// nothing if it was disturbed twice, as then no verdict is given.
  std::optional<Ratio> measure(double slowdown) {
    Prepared plain = prepared(), other = prepared();
    if (!inputs_) inputs_ = std::make_unique<InputPool>(*plain.images, run_.batch, 2 * cache_bytes());
    TimedRun timed_plain(plain, *inputs_, evictor_), timed_other(other, *inputs_, evictor_);
    std::vector<Candidate> pair = {timed_plain.candidate(), timed_other.candidate()};
    pair[1].name += ", again";
    if (slowdown > 0) pair[1].step = slowed(pair[1].step, slowdown);
    const Timing timing = time_block(pair, how_, watch_cores(machine_), [](size_t) {});
    if (!disturbances(timing.noise).empty()) return std::nullopt;
    return speed_ratio(timing.measurements[0].round_medians, timing.measurements[1].round_medians);
  }

 private:
  Prepared prepared() {
    Prepared one = preparation_.prepare(run_);
    if (one.sessions.empty()) throw Error(one.result.reason);
    return one;
  }

  Run run_;
  Measure how_;
  Machine machine_;
  Preparation preparation_{backends(), machine_, how_};
  CacheEvictor evictor_;
  std::unique_ptr<InputPool> inputs_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int position, const char* otherwise) {
    return std::string(argc > position ? argv[position] : otherwise);
  };
  const std::string model = given(1, "resnet20");
  Trials trials(model, std::stoll(given(2, "1")), std::stod(given(5, "1")));
  constexpr double slowdown = 0.03;
  const int equal_pairs = std::stoi(given(3, "200")), slowed_pairs = std::stoi(given(4, "100"));
  int called_different = 0, found = 0, disturbed = 0;
  std::vector<double> equal_ratios;
  const auto judged = [&](int pairs, double slowdown_of_one, const auto& look) {
    int count = 0;
    for (int i = 0; i < pairs; ++i)
      if (const std::optional<Ratio> ratio = trials.measure(slowdown_of_one))
        look(*ratio), ++count;
      else
        ++disturbed;
    return count;
  };
  const int equal_judged = judged(equal_pairs, 0, [&](const Ratio& ratio) {
    equal_ratios.push_back(ratio.value);
    called_different += differ(ratio);
    if (differ(ratio)) fmt::print("equal, called different: {}, {} rounds\n", to_text(ratio), ratio.rounds);
  });
  const int slowed_judged = judged(slowed_pairs, slowdown, [&](const Ratio& ratio) {
    const bool right = differ(ratio) && ratio.value < 1;
    found += right;
    if (!right) fmt::print("3 % slower, not found: {}, {} rounds\n", to_text(ratio), ratio.rounds);
  });
  std::sort(equal_ratios.begin(), equal_ratios.end());
  const auto at = [&](double share) {
    return equal_ratios[static_cast<size_t>(share * static_cast<double>(equal_ratios.size() - 1))];
  };
  if (!equal_ratios.empty())
    fmt::print("ratios of equal pairs: half of them {:.4f} to {:.4f}, all {:.4f} to {:.4f}\n", at(0.25),
               at(0.75), at(0), at(1));
  fmt::print(
      "{}, batch {}: {} of {} equal pairs called different; {} of {} slowdowns of 3 % found; {} pairs "
      "disturbed "
      "and not judged\n",
      model, given(2, "1"), called_different, equal_judged, found, slowed_judged, disturbed);
  return 0;
}
