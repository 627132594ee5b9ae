// Measures a pair of equal runs on this machine by the means of a sweep (interleaved rounds, the same
// stopping rule, the same bootstrap), one of them perhaps slowed down, and tells whether they are told apart.
//   verdict_of_pair MODEL BATCH SECONDS SLOWDOWN       e.g. resnet20 1 2 0.03
// SLOWDOWN is a share of the time. Prints `equal` or `different`, the ratio with its interval at 99 % and the
// number of rounds; or `disturbed`.
#include <chrono>
#include <functional>
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
#include "harness/machine.h"
#include "harness/prepare.h"
#include "harness/statistics.h"
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

Prepared prepared(Preparation& preparation, const Run& run) {
  Prepared one = preparation.prepare(run);
  if (one.sessions.empty()) throw Error(one.result.reason);
  return one;
}

/// The speed of the run when it is slowed down by this share, over that of the same run when it is not;
/// nothing if it was disturbed twice, as then no verdict is given.
std::optional<Ratio> measure(const Run& run, const Measure& how, double slowdown) {
  const Machine machine = inspect_machine();
  flush_denormals(machine.physical_cores);
  Preparation preparation(backends(), machine, how);
  std::vector<Prepared> block;
  for (int i = 0; i < 2; ++i) block.push_back(prepared(preparation, run));
  add_sessions(block, [](size_t) {});
  const InputPool inputs(*block[0].images, run.batch, 2 * cache_bytes());
  CacheEvictor evictor;
  TimedRun plain(block[0], inputs, evictor), other(block[1], inputs, evictor);
  std::vector<Candidate> pair = {plain.candidate(), other.candidate()};
  pair[1].name += ", again";
  if (slowdown > 0) pair[1].step = slowed(pair[1].step, slowdown);
  const Timing timing = time_block(pair, how, watch_cores(machine), [](size_t) {});
  if (!disturbances(timing.noise).empty()) return std::nullopt;
  return speed_ratio(timing.measurements[0].round_medians, timing.measurements[1].round_medians,
                     plain.places());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: verdict_of_pair MODEL BATCH SECONDS SLOWDOWN\n");
    return 2;
  }
  Run run;
  run.model = argv[1];
  run.batch = std::stoll(argv[2]);
  Measure how;
  how.max_time_s = std::stod(argv[3]);
  const std::optional<Ratio> ratio = measure(run, how, std::stod(argv[4]));
  if (ratio)
    fmt::print("{} {:.4f} {:.4f} {:.4f} {}\n", differ(*ratio) ? "different" : "equal", ratio->value,
               ratio->interval.low, ratio->interval.high, ratio->rounds);
  else
    fmt::print("disturbed\n");
  return 0;
}
