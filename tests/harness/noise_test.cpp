#include "harness/noise.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
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
  SystemCounts counts(const std::string& cores) const { return system_counts(cores, root_.string()); }

 private:
  fs::path root_;
};

/// A quiet second of two cores, of which this process used all.
struct Second {
  SystemCounts before{100, 50, 1, 40, 0, 3000, 1e6};
  SystemCounts after{101, 52, 1, 42, 0, 3000, 1e6};

  Noise noise() const { return noise_between(before, after, 2); }
};

}  // namespace

TEST_CASE("noise: a quiet measurement is undisturbed") {
  CHECK(disturbances(Second().noise()).empty());
}

TEST_CASE("noise: each disturbance is seen and told") {
  const auto told = [](auto disturb) {
    Second second;
    disturb(second);
    const std::vector<std::string> reasons = disturbances(second.noise());
    REQUIRE(reasons.size() == 1);
    CHECK(loudness(second.noise()) > loudness(Second().noise()));
    return reasons[0];
  };
  CHECK(told([](Second& s) { s.after.stolen_s += 0.12; }) == "the hypervisor took 5.0 % of the cores' time");
  CHECK(told([](Second& s) { s.after.own_s -= 0.24; }) == "other processes took 10.0 % of the cores' time");
  CHECK(told([](Second& s) { s.after.clock_mhz = 2700; }) == "the clock changed by 10.0 %");
  CHECK_THAT(told([](Second& s) { s.after.sentinel_ns *= 1.2; }), ContainsSubstring("20.0 %"));
  CHECK_THAT(told([](Second& s) { s.after.throttled += 3; }), ContainsSubstring("throttled 3 times"));
}

TEST_CASE("noise: a short span is not called disturbed for a tick of the clock") {
  Second second;
  second.after = second.before;
  second.after.wall_s += 0.05, second.after.busy_s += 0.1, second.after.own_s += 0.09;
  CHECK(disturbances(second.noise()).empty());
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
  system.write("sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 6\n");
  const SystemCounts counts = system.counts("0,10");
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  CHECK(counts.busy_s == Approx(328 / ticks));
  CHECK(counts.stolen_s == Approx(51 / ticks));
  CHECK(counts.clock_mhz == Approx(3000));
  CHECK(counts.throttled == 10);
  CHECK(counts.sentinel_ns > 0);
  CHECK(counts.own_s > 0);
}

TEST_CASE("noise: a machine that hides its clock is no fault") {
  const SystemCounts counts = FakeSystem().counts("0");
  CHECK(counts.clock_mhz == 0);
  CHECK(described(noise_between(counts, counts, 1)).at("clock") == "hidden by the machine");
}
