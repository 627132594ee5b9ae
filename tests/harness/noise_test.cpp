#include "harness/noise.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "tests/catch.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

/// A /proc and /sys of our own making.
class FakeSystem {
 public:
  FakeSystem() : root_(fs::temp_directory_path() / fmt::format("bitsweep_noise_{}", getpid())) {}
  ~FakeSystem() { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  const fs::path& root() const { return root_; }
  SystemCounts counts(const std::string& cores) const { return system_counts(cores, root_.string()); }

 private:
  fs::path root_;
};

/// Ten quiet seconds of some cores, with a bound thread of this process on each that keeps it busy.
struct TenSeconds {
  explicit TenSeconds(int cores) : cores(cores) {
    before.wall_s = 100, before.own_s = 40;
    before.clock_mhz = 3000, before.sentinel_ns = 1e6;
    for (int core = 0; core < cores; ++core) {
      before.cores[core] = {50, 1};
      before.threads[1000 + core] = {20, core, 5};
    }
    after = before;
    after.wall_s += 10;
    for (int core = 0; core < cores; ++core) {
      after.cores[core].busy_s += 10;
      own(core, 10);
    }
  }

  /// The thread of a core had this much time more, or less.
  void own(int core, double seconds) {
    after.threads[1000 + core].cpu_s += seconds;
    after.own_s += seconds;
  }
  void every_thread_moves() {
    for (auto& [id, thread] : after.threads) ++thread.moves;
  }
  Noise noise() const { return noise_between(before, after, cores); }

  int cores;
  SystemCounts before, after;
};

std::string told(const TenSeconds& seconds) {
  return fmt::format("{}", fmt::join(disturbances(seconds.noise()), "; "));
}

}  // namespace

TEST_CASE("noise: a quiet measurement is undisturbed, on few cores and on many") {
  for (const int cores : {1, 2, 16, 64}) {
    INFO(cores);
    TenSeconds seconds(cores);
    CHECK(told(seconds) == "");
    seconds.every_thread_moves();
    CHECK(told(seconds) == "");
  }
}

TEST_CASE("noise: each disturbance is seen and told") {
  const auto one = [](auto disturb) {
    TenSeconds seconds(2);
    disturb(seconds);
    CHECK(loudness(seconds.noise()) > loudness(TenSeconds(2).noise()));
    return told(seconds);
  };
  CHECK(one([](TenSeconds& s) { s.after.cores[1].stolen_s += 0.51; }) ==
        "the hypervisor took 5.0 % of a core's time");
  CHECK(one([](TenSeconds& s) { s.own(0, -1.02); }) == "other processes took 10.0 % of a core's time");
  CHECK(one([](TenSeconds& s) { s.after.clock_mhz = 2700; }) == "the clock changed by 10.0 %");
  CHECK_THAT(one([](TenSeconds& s) { s.after.sentinel_ns *= 1.2; }), ContainsSubstring("20.0 %"));
  CHECK_THAT(one([](TenSeconds& s) { s.after.throttled += 3; }), ContainsSubstring("throttled 3 times"));
}

TEST_CASE("noise: one core that others or the hypervisor take is seen among any number") {
  for (const int cores : {2, 16, 64}) {
    INFO(cores);
    TenSeconds shared(cores);  // with a thread of another process, half and half
    shared.own(1, -5);
    CHECK_THAT(told(shared), ContainsSubstring("other processes took 49.8 % of a core's time"));
    TenSeconds taken(cores);
    taken.own(1, -10);
    CHECK_THAT(told(taken), ContainsSubstring("other processes took 99.8 % of a core's time"));
    TenSeconds stolen(cores);
    stolen.after.cores[1] = {55, 6};
    stolen.own(1, -5);
    CHECK(told(stolen) == "the hypervisor took 49.9 % of a core's time");
    TenSeconds idle(cores);  // nobody's: our thread had nothing to do
    idle.after.cores[1].busy_s -= 5, idle.own(1, -5);
    CHECK(told(idle) == "");
  }
}

TEST_CASE("noise: threads that move hide which core was taken, not that one was") {
  for (const int cores : {2, 16, 64}) {
    INFO(cores);
    TenSeconds seconds(cores);
    seconds.every_thread_moves();
    seconds.own(1, -10);
    // As little as the worst core can have lost: each the same.
    CHECK(seconds.noise().others_of_worst == Approx(1.0 / cores - 0.002));
    CHECK_THAT(told(seconds), ContainsSubstring("as much of all cores together as"));
  }
}

TEST_CASE("noise: time of threads that moved is given to the cores where others seem to have taken most") {
  TenSeconds seconds(16);
  ++seconds.after.threads[1003].moves;
  seconds.after.threads[1003].core = 4;
  CHECK(told(seconds) == "");
  seconds.own(3, -5);  // 5 s are nobody's that is known, and core 3 is the only one that lacks a thread
  CHECK(seconds.noise().others_of_worst == Approx(0.498));
}

TEST_CASE("noise: a thread that began meanwhile counts where it was bound, one that ended counts somewhere") {
  TenSeconds seconds(16);
  seconds.before.threads.erase(1003);
  seconds.after.threads[1003] = {10, 3, 1};
  CHECK(told(seconds) == "");
  seconds.after.threads.erase(1003);
  CHECK(told(seconds) == "");
}

TEST_CASE("noise: what is on a node of many cores anyway is no disturbance") {
  TenSeconds seconds(64);
  for (int core = 0; core < 64; ++core) seconds.own(core, -0.07);  // 0.7 % of each: 0.45 cores
  CHECK(told(seconds) == "");
}

TEST_CASE("noise: ticks that fall on a core more often than it was busy are no disturbance") {
  TenSeconds seconds(64);
  for (int core = 0; core < 64; ++core) {
    seconds.after.cores[core].busy_s -= 5;  // busy half of the time, and 2 deviations more by the ticks
    seconds.own(core, -5.3 + (core % 2 == 0 ? 0 : 0.6));
  }
  CHECK(told(seconds) == "");
}

TEST_CASE("noise: a short span is not called disturbed for a tick of the clock") {
  TenSeconds seconds(2);
  seconds.after = seconds.before;
  seconds.after.wall_s += 0.05;
  for (int core = 0; core < 2; ++core) seconds.after.cores[core].busy_s += 0.05, seconds.own(core, 0.04);
  seconds.after.cores[1].stolen_s += 0.01;
  CHECK(told(seconds) == "");
}

TEST_CASE("noise: what is counted is that of the cores in question") {
  const FakeSystem system;
  system.write("proc/stat",
               "cpu  999 0 0 0 0 0 0 999 0 0\n"
               "cpu0 100 1 20 5000 7 3 4 50 0 0\n"
               "cpu1 1000 0 0 0 0 0 0 0 0 0\n"
               "cpu10 200 0 0 0 0 0 0 1 0 0\n"
               "intr 1\n");
  system.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2000000\n");
  system.write("sys/devices/system/cpu/cpu10/cpufreq/scaling_cur_freq", "4000000\n");
  system.write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "4\n");
  for (const char* thread : {"77", "78", "79"}) {
    const std::string folder = fmt::format("proc/self/task/{}/", thread);
    system.write(folder + "stat",
                 "77 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 50 3 0 0 20 0 1 0 9 9 9 9 9 9 9 9 9 0 0 "
                 "0 0 9 9 9 17 10 0 0\n");
    system.write(folder + "schedstat", "2500000000 44 7\n");
    system.write(folder + "sched", "bitsweep (77, #threads: 3)\n---\nse.nr_migrations      :       12\n");
  }
  fs::remove(system.root() / "proc/self/task/79/sched");
  const SystemCounts counts = system.counts("0,10");
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  REQUIRE(counts.cores.size() == 2);
  CHECK(counts.cores.at(0).busy_s == Approx(128 / ticks));
  CHECK(counts.cores.at(0).stolen_s == Approx(50 / ticks));
  CHECK(counts.cores.at(10).busy_s == Approx(200 / ticks));
  REQUIRE(counts.threads.size() == 2);  // one hides how often it moved
  CHECK(counts.threads.at(78).cpu_s == Approx(2.5));
  CHECK(counts.threads.at(78).core == 10);
  CHECK(counts.threads.at(78).moves == 12);
  CHECK(counts.clock_mhz == Approx(3000));
  CHECK(counts.throttled == 4);
  CHECK(counts.sentinel_ns > 0);
  CHECK(counts.own_s > 0);
}

TEST_CASE("noise: a machine that hides its clock is no fault") {
  const SystemCounts counts = FakeSystem().counts("0");
  CHECK(counts.clock_mhz == 0);
  CHECK(described(noise_between(counts, counts, 1)).at("clock") == "hidden by the machine");
}

TEST_CASE(
    "noise: throttling by quota is seen in this process's group and above, in both versions of cgroups") {
  const auto throttled = [](const std::string& groups, const std::map<std::string, int>& planted) {
    const FakeSystem system;
    system.write("proc/self/cgroup", groups);
    for (const auto& [path, times] : planted)
      system.write("sys/fs/cgroup/" + path, fmt::format("nr_periods 100\nnr_throttled {}\n", times));
    if (groups.starts_with("0::")) system.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
    return system.counts("0").throttled;
  };
  const std::string version_1 = "2:cpu:/job/step\n1:memory:/other\n0::/\n",
                    both = "3:cpu,cpuacct:/job/step\n";
  CHECK(throttled(version_1, {{"cpu/job/step/cpu.stat", 6}}) == 6);
  CHECK(throttled(version_1, {{"cpu/job/step/cpu.stat", 6}, {"cpu/job/cpu.stat", 3}}) == 9);
  CHECK(throttled(version_1, {{"cpu/other/cpu.stat", 6}, {"memory/other/cpu.stat", 6}}) == 0);
  CHECK(throttled(both, {{"cpu,cpuacct/job/step/cpu.stat", 6}, {"cpu/job/step/cpu.stat", 6}}) == 6);
  CHECK(throttled(both, {{"cpu,cpuacct/cpu.stat", 4}}) == 4);  // a container sees its group as the root
  const std::string version_2 = "0::/system.slice/job.scope\n";
  CHECK(throttled(version_2, {{"system.slice/job.scope/cpu.stat", 5}}) == 5);
  CHECK(throttled(version_2, {{"system.slice/job.scope/cpu.stat", 5}, {"system.slice/cpu.stat", 2}}) == 7);
  CHECK(throttled(version_2, {{"user.slice/cpu.stat", 5}}) == 0);
  CHECK(throttled("", {{"cpu.stat", 5}}) == 0);
}
