// How the ceilings are measured.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <immintrin.h>
#include <omp.h>
#include <sys/mman.h>

#include "harness/ceilings.h"
#include "harness/ceilings/kernels.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/noise.h"
#include "harness/placement.h"
#include "harness/surroundings/sight.h"
#include "harness/topology.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds all_arithmetic(0.8);
constexpr Seconds all_bandwidth(1.2);
/// Long beside the start of a team of threads, short beside a time slice of the scheduler: a repetition that
/// nobody disturbs is likely.
constexpr Seconds short_repetition(0.0005);

/// Work of one thread, `amount` times over. Must not throw.
using Work = std::function<void(int thread, int64_t amount)>;

/// Where all threads wait for the last one. They spin: OpenMP's barrier sends waiting threads to sleep, and
/// on a busy node the first would then be done before the last is awake.
class Meeting {
 public:
  explicit Meeting(int threads) : threads_(threads) {}

  void wait() {
    const int64_t round = round_.load();
    if (arrived_.fetch_add(1) + 1 == threads_) {
      arrived_.store(0);
      round_.store(round + 1);
      return;
    }
    constexpr int patience = 100'000;  // a few milliseconds; then the last one may need this very core
    for (int spins = 0; round_.load() == round; ++spins)
      spins < patience ? _mm_pause() : std::this_thread::yield();
  }

 private:
  const int threads_;
  std::atomic<int> arrived_ = 0;
  std::atomic<int64_t> round_ = 0;
};

/// The cores that the threads of a team go to, one thread of each core before any second one.
CoreSet spread_cores() {
  const std::vector<int> physical = physical_cores();
  std::set<int> taken;
  CoreSet first, second;
  for (const int core : process_cores())
    (taken.insert(physical.at(static_cast<size_t>(core))).second ? first : second).push_back(core);
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// The highest rate of a team of threads, found in many short repetitions.
class Contest {
 public:
  Contest(int threads, Seconds budget, const Work& work)
      : threads_(threads),
        cores_(spread_cores()),
        work_(work),
        meeting_(threads),
        stop_(Clock::now() + std::chrono::duration_cast<Clock::duration>(budget)),
        begin_(static_cast<size_t>(threads)),
        end_(begin_) {}

  /// How often a second each thread does its work while all do.
  double rate() {
#pragma omp parallel num_threads(threads_)
    take_part(omp_get_thread_num());
    return rate_;
  }

 private:
  /// Each thread on a core of its own, so that the scheduler cannot put two on one.
  void take_part(int thread) {
    const auto index = static_cast<size_t>(thread);
    const CoreSet before = allowed_cores();
    bind_this_thread({cores_[index % cores_.size()]});
    while (!done_) {
      meeting_.wait();
      begin_[index] = Clock::now();
      work_(thread, amount_);
      end_[index] = Clock::now();
      meeting_.wait();
      if (thread == 0) judge();
      meeting_.wait();
    }
    bind_this_thread(before);
  }

  /// The time is from the first thread's beginning to the last one's end, so that no repetition seems faster
  /// than it was.
  void judge() {
    const Seconds time =
        *std::max_element(end_.begin(), end_.end()) - *std::min_element(begin_.begin(), begin_.end());
    if (time.count() > 0) rate_ = std::max(rate_, static_cast<double>(amount_) / time.count());
    Seconds shortest = time;
    for (size_t i = 0; i < end_.size(); ++i) shortest = std::min(shortest, Seconds(end_[i] - begin_[i]));
    if (shortest < short_repetition) amount_ *= 2;
    done_ = Clock::now() >= stop_ && rate_ > 0;
  }

  static void bind_this_thread(const CoreSet& cores) {
    try {
      bind_to(cores);
    } catch (const Error&) {
      // The core set shrank meanwhile; the thread stays where it is.
    }
  }

  const int threads_;
  const CoreSet cores_;
  const Work& work_;
  Meeting meeting_;
  const Clock::time_point stop_;
  std::vector<Clock::time_point> begin_, end_;
  // Written by thread 0 only, while the others wait.
  int64_t amount_ = 1;
  double rate_ = 0;
  bool done_ = false;
};

std::vector<Arithmetic> measure_arithmetic(int threads, const std::vector<std::string>& isa) {
  const std::vector<ArithmeticKernel> kernels = arithmetic_kernels(isa);
  std::vector<Arithmetic> result;
  for (const ArithmeticKernel& kernel : kernels) {
    const Work work = [&](int, int64_t amount) { kernel.run(amount); };
    const double rounds = Contest(threads, all_arithmetic / static_cast<double>(kernels.size()), work).rate();
    result.push_back({kernel.precision, kernel.isa,
                      rounds * static_cast<double>(kernel.macs) * static_cast<double>(threads)});
  }
  return result;
}

/// Bytes of the last level of cache, all of its parts; 0 where the machine hides it.
int64_t last_level_bytes() {
  const Topology topology = load_topology();
  for (const hwloc_obj_type_t level : {HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L2CACHE}) {
    int64_t bytes = 0;
    for (hwloc_obj_t part = nullptr;
         (part = hwloc_get_next_obj_by_type(topology.get(), level, part)) != nullptr;)
      bytes += static_cast<int64_t>(part->attr->cache.size);
    if (bytes > 0) return bytes;
  }
  return 0;
}

constexpr int64_t kibibyte = 1024;
constexpr int64_t mebibyte = 1024 * kibibyte;
constexpr int64_t huge_page = 2 * mebibyte;

/// Bytes that each thread reads, ascending.
std::vector<int64_t> parts(int threads, int64_t memory_bytes) {
  const int64_t most = std::min(std::max(256 * mebibyte, 4 * last_level_bytes()), memory_bytes / 4) / threads;
  std::vector<int64_t> result;
  for (int64_t part = 16 * kibibyte; part < most; part *= 4) result.push_back(part);
  result.push_back(std::max(most / reading_step, int64_t{1}) * reading_step);
  return result;
}

struct Free {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<std::byte[], Free>;

/// Each thread's part is written by that thread, so that it lies at the thread's node. Huge pages, where they
/// are to be had: what an engine may get is no ceiling.
Memory touched_memory(int threads, int64_t part) {
  const int64_t bytes = (part * threads + huge_page - 1) / huge_page * huge_page;
  Memory memory(static_cast<std::byte*>(std::aligned_alloc(huge_page, static_cast<size_t>(bytes))));
  if (!memory)
    throw Error(fmt::format("ceilings: {} MiB of memory cannot be had; right is a larger memory limit",
                            bytes / mebibyte));
  madvise(memory.get(), static_cast<size_t>(bytes), MADV_HUGEPAGE);
#pragma omp parallel num_threads(threads)
  std::memset(memory.get() + omp_get_thread_num() * part, 1, static_cast<size_t>(part));
  return memory;
}

std::vector<Bandwidth> measure_bandwidth(int threads, const Machine& machine) {
  const ReadingKernel kernel = reading_kernel(machine.isa);
  const std::vector<int64_t> sizes = parts(threads, machine.memory_bytes);
  const int64_t stride = sizes.back();
  const Memory memory = touched_memory(threads, stride);
  std::vector<Bandwidth> result;
  for (const int64_t part : sizes) {
    const Work work = [&](int thread, int64_t amount) {
      for (int64_t pass = 0; pass < amount; ++pass) kernel.run(memory.get() + thread * stride, part);
    };
    const double passes = Contest(threads, all_bandwidth / static_cast<double>(sizes.size()), work).rate();
    result.push_back({part * threads, passes * static_cast<double>(part * threads)});
  }
  return result;
}

/// Nothing measured is of use where threads share a core, or OpenMP gives fewer than asked for.
void check_team(int threads) {
  const CoreSet cores = process_cores();
  if (threads > static_cast<int>(cores.size()))
    throw Error(fmt::format(
        "ceilings: {} threads are more than the {} cores of this process ({}), and would wait for "
        "one another; right is a number from 1 to {}",
        threads, cores.size(), to_text(cores), cores.size()));
  int team = 0;
  if (threads > 0) {
#pragma omp parallel num_threads(threads)
#pragma omp single
    team = omp_get_num_threads();
  }
  if (team != threads || threads < 1)
    throw Error(
        fmt::format("ceilings: {} threads were asked for and OpenMP gave {}; right is a number from 1 to "
                    "{}, the cores of this process, without OMP_THREAD_LIMIT or OMP_DYNAMIC in the way",
                    threads, team, cores.size()));
}

}  // namespace

Ceilings measure_ceilings(int threads) {
  check_team(threads);
  const Machine machine = inspect_machine();
  Ceilings result;
  result.threads = threads;
  const SystemCounts before = system_counts(machine.core_set);
  result.arithmetic = measure_arithmetic(threads, machine.isa);
  result.bandwidth = measure_bandwidth(threads, machine);
  const std::vector<std::string> reasons =
      disturbances(noise_between(before, system_counts(machine.core_set), machine.logical_cores));
  if (!reasons.empty()) result.disturbed = {fmt::format("{}", fmt::join(reasons, "; "))};
  result.measured = utc_now();
  return result;
}

}  // namespace bitsweep
