#include "harness/surroundings.h"

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/surroundings/sight.h"
#include "harness/table.h"
#include "tests/catch.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

const std::string status = "proc/self/status";
const std::string cpus = "sys/devices/system/cpu/";

/// A node that disturbs nothing, in files; each test plants its lie.
struct PlantedNode {
  fs::path root = fs::temp_directory_path() / ("bitsweep_node_" + std::to_string(getpid()));
  Environment environment;
  std::function<void()> wait = [this] { plant_times(0, 200, 0, 0); };

  PlantedNode() {
    plant("proc/sys/kernel/osrelease", "6.1.0-1-amd64\n");
    plant("proc/sys/kernel/randomize_va_space", "0\n");
    plant("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu avx2 fma\n");
    plant("proc/meminfo", "MemTotal:  8388608 kB\nSwapTotal:  1048576 kB\nSwapFree:  1048576 kB\n");
    plant(status, "Name:\tbitsweep\nCpus_allowed_list:\t0-1\n");
    plant("proc/self/cgroup", "0::/job/step\n");
    plant("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    plant("sys/fs/cgroup/job/cpu.max", "max 100000\n");
    plant("sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
    for (const char* core : {"cpu0", "cpu1"})
      plant(cpus + core + "/cpufreq/scaling_governor", "performance\n");
    plant(cpus + "online", "0-1\n");
    plant(cpus + "intel_pstate/no_turbo", "1\n");
    plant(cpus + "smt/active", "0\n");
    plant("sys/devices/system/node/online", "0\n");
    plant("sys/devices/system/node/node0/cpulist", "0-1\n");
    plant("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    plant_times(0, 0, 0, 0);
  }
  ~PlantedNode() { fs::remove_all(root); }

  void plant(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  void hide(const std::string& path) const { fs::remove_all(root / path); }

  /// Ticks since the start, of cores 0 and 1 together; core 2, which is not ours, is always busy.
  void plant_times(int busy, int idle, int stolen, int own) const {
    plant("proc/stat", "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 " + std::to_string(1000 + busy) + " 0 0 " +
                           std::to_string(1000 + idle) + " 0 0 0 " + std::to_string(10 + stolen) +
                           " 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\ncpu2 " + std::to_string(9 * (busy + idle)) +
                           " 0 0 0 0 0 0 0 0 0\n");
    plant("proc/self/stat",
          "77 (bit (sweep) 1) S 1 2 3 4 5 6 7 8 9 10 " + std::to_string(50 + own) + " 0 0 0 20 0\n");
  }

  std::vector<Surrounding> all() const { return inspect_surroundings(root, environment, wait); }
  Surrounding one(const std::string& name) const {
    const auto rows = all();
    return pick(rows, "surrounding", name);
  }
};

/// It disturbs, is shown with this value, and something can be done.
void check_disturbs(const Surrounding& surrounding, const std::string& value, const std::string& advice) {
  INFO(surrounding.name << ": " << surrounding.value);
  CHECK_FALSE(surrounding.fine);
  CHECK_THAT(surrounding.value, ContainsSubstring(value));
  CHECK_THAT(surrounding.advice, ContainsSubstring(advice));
}

}  // namespace

TEST_CASE("surroundings: a node that disturbs nothing is fine throughout") {
  const PlantedNode node;
  for (const Surrounding& surrounding : node.all()) {
    INFO(surrounding.name << ": " << surrounding.value << ", " << surrounding.advice);
    CHECK(surrounding.fine);
    CHECK_FALSE(surrounding.value.empty());
    CHECK(surrounding.advice.empty());
  }
}

TEST_CASE("surroundings: a node that hides everything is unknown, and each says what that means") {
  const PlantedNode node;
  node.hide("proc");
  node.hide("sys");
  const auto rows = inspect_surroundings(node.root, {}, [] {});
  for (const Surrounding& surrounding : rows) {
    INFO(surrounding.name << ": " << surrounding.value);
    if (surrounding.name.starts_with("OMP_")) continue;
    CHECK(surrounding.value == "unknown");
    CHECK_FALSE(surrounding.fine);
    CHECK(surrounding.advice.ends_with("."));
  }
}

TEST_CASE("surroundings: this node is read, each row once and with advice where it is not fine") {
  const auto rows = inspect_surroundings();
  std::map<std::string, int> seen;
  for (const Surrounding& surrounding : rows) {
    INFO(surrounding.name);
    CHECK(++seen[surrounding.name] == 1);
    CHECK(surrounding.fine == surrounding.advice.empty());
    CHECK(nlohmann::json(surrounding).at("value") == surrounding.value);
  }
}

TEST_CASE("surroundings: a governor that saves power is told, even on one core of several") {
  const PlantedNode node;
  node.plant(cpus + "cpu1/cpufreq/scaling_governor", "powersave\n");
  check_disturbs(node.one("governor"), "performance, powersave", "cpupower");
  node.plant(status, "Cpus_allowed_list:\t0\n");
  CHECK(node.one("governor").fine);
}

TEST_CASE("surroundings: turbo is told for both drivers") {
  const PlantedNode node;
  node.plant(cpus + "intel_pstate/no_turbo", "0\n");
  check_disturbs(node.one("turbo"), "on", "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo");
  node.hide(cpus + "intel_pstate");
  node.plant(cpus + "cpufreq/boost", "1\n");
  check_disturbs(node.one("turbo"), "on", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
  node.plant(cpus + "cpufreq/boost", "0\n");
  CHECK(node.one("turbo").fine);
}

TEST_CASE("surroundings: two threads a core are told, and a virtual machine's denial is not believed") {
  const PlantedNode node;
  node.plant(cpus + "smt/active", "1\n");
  check_disturbs(node.one("SMT"), "on", "threads: physical");
  node.plant(cpus + "smt/active", "0\n");
  node.plant("proc/cpuinfo", "flags\t\t: fpu hypervisor avx2\n");
  check_disturbs(node.one("SMT"), "as this virtual machine is told", "half of the cores");
  check_disturbs(node.one("hypervisor"), "virtual machine (maker hidden)", "ratios");
}

TEST_CASE("surroundings: cores in two NUMA nodes are told, a second node without our cores is not") {
  const PlantedNode node;
  node.plant("sys/devices/system/node/online", "0-1\n");
  node.plant("sys/devices/system/node/node1/cpulist", "2-3\n");
  CHECK(node.one("NUMA").fine);
  node.plant("sys/devices/system/node/node0/cpulist", "0\n");
  node.plant("sys/devices/system/node/node1/cpulist", "1-3\n");
  check_disturbs(node.one("NUMA"), "cores in 2 of 2 nodes", "numactl");
}

TEST_CASE("surroundings: a quota of half a core is told, also of a group further up") {
  const PlantedNode node;
  node.plant("sys/fs/cgroup/job/step/cpu.max", "50000 100000\n");
  check_disturbs(node.one("CPU quota"), "0.5 cores", "cpu.max");
  node.plant("sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
  node.plant("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  check_disturbs(node.one("CPU quota"), "1.5 cores", "cpu.max");
  node.plant("sys/fs/cgroup/job/cpu.max", "200000 100000\n");
  CHECK(node.one("CPU quota").fine);
}

TEST_CASE("surroundings: a quota is seen from inside a container and in the older version of cgroups") {
  const PlantedNode node;
  node.plant("proc/self/cgroup", "0::/../../elsewhere\n");
  node.plant("sys/fs/cgroup/cpu.max", "50000 100000\n");
  check_disturbs(node.one("CPU quota"), "0.5 cores", "cpu.max");
  node.hide("sys/fs/cgroup");
  node.plant("proc/self/cgroup", "9:name=systemd:/\n2:cpu,cpuacct:/job\n0::/\n");
  node.plant("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "25000\n");
  node.plant("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  check_disturbs(node.one("CPU quota"), "0.25 cores", "cpu.max");
  node.plant("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  CHECK(node.one("CPU quota").fine);
}

TEST_CASE("surroundings: a part of the node's cores is told with its size") {
  const PlantedNode node;
  node.plant(cpus + "online", "0-7\n");
  check_disturbs(node.one("affinity"), "2 of 8 cores (0-1)", "--exclusive");
}

TEST_CASE("surroundings: huge pages always, random addresses and swap in use are told") {
  const PlantedNode node;
  node.plant("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
  check_disturbs(node.one("huge pages"), "always", "madvise");
  node.plant("proc/sys/kernel/randomize_va_space", "2\n");
  check_disturbs(node.one("ASLR"), "on", "setarch -R");
  node.plant("proc/self/personality", "00040000\n");
  CHECK(node.one("ASLR").fine);
  node.plant("proc/meminfo", "SwapTotal:  1048576 kB\nSwapFree:  1046528 kB\n");
  check_disturbs(node.one("swap in use"), "2 MiB", "swapoff");
}

TEST_CASE("surroundings: load by others on our cores is told, our own and that of other cores is not") {
  PlantedNode node;
  node.wait = [&] { node.plant_times(50, 150, 0, 0); };
  check_disturbs(node.one("other load"), "25 %", "top");
  node.plant_times(0, 0, 0, 0);
  node.wait = [&] { node.plant_times(50, 150, 0, 48); };
  CHECK(node.one("other load").value == "1 %");
  CHECK(node.one("other load").advice.empty() == node.one("other load").fine);
}

TEST_CASE("surroundings: one core of many that others or the host take is told with its number") {
  PlantedNode node;
  const auto plant = [&](int busy, int stolen) {
    std::string text;
    for (int core = 0; core < 64; ++core)
      text += "cpu" + std::to_string(core) + " " + std::to_string(core == 7 ? busy : 1) + " 0 0 " +
              std::to_string(busy + stolen > 0 && core != 7 ? 49 : 0) + " 0 0 0 " +
              std::to_string(core == 7 ? stolen : 0) + " 0 0\n";
    node.plant("proc/stat", text);
  };
  node.plant(status, "Cpus_allowed_list:\t0-63\n");
  plant(0, 0);
  node.wait = [&] { plant(50, 0); };
  check_disturbs(node.one("other load"), "of core 7 100 %", "top");
  plant(0, 0);
  CHECK(node.one("steal").fine);
  plant(0, 0);
  node.wait = [&] { plant(0, 50); };
  CHECK(node.one("other load").fine);
  plant(0, 0);
  check_disturbs(node.one("steal"), "of core 7 100 %", "host");
}

TEST_CASE("surroundings: time that the host takes away is told") {
  PlantedNode node;
  node.wait = [&] { node.plant_times(0, 180, 20, 0); };
  check_disturbs(node.one("steal"), "10 %", "host");
}

TEST_CASE("surroundings: OpenMP variables that contradict the cores are told") {
  PlantedNode node;
  node.environment["OMP_NUM_THREADS"] = "8";
  check_disturbs(node.one("OMP_NUM_THREADS"), "8", "2 cores");
  node.environment["OMP_NUM_THREADS"] = "2,1";
  CHECK(node.one("OMP_NUM_THREADS").fine);
  node.environment["OMP_NUM_THREADS"] = "many";
  check_disturbs(node.one("OMP_NUM_THREADS"), "many", "no number");
  node.environment["OMP_THREAD_LIMIT"] = "1";
  check_disturbs(node.one("OMP_THREAD_LIMIT"), "1", "unset");
}

TEST_CASE("surroundings: OpenMP places that name cores the node lacks are told with the core") {
  PlantedNode node;
  node.environment["OMP_PLACES"] = "{0},{ 9, 1}";
  check_disturbs(node.one("OMP_PLACES"), "{0}", "core 9, and this node has 0-1");
  node.environment["OMP_PLACES"] = "{0:8:4}";  // length and stride are no cores
  CHECK(node.one("OMP_PLACES").fine);
  node.environment["OMP_PLACES"] = "cores";
  CHECK(node.one("OMP_PLACES").fine);
}

TEST_CASE("surroundings: core sets are read and written as the kernel does") {
  CHECK(parse_core_set("0-2, 8\n") == CoreSet{0, 1, 2, 8});
  CHECK(parse_core_set("").empty());
  CHECK(parse_core_set("x,3-,5-4,7,0-99999999").size() == 1);
  CHECK(to_text(CoreSet{0, 1, 2, 8}) == "0-2,8");
  CHECK(to_text(CoreSet{}).empty());
}
