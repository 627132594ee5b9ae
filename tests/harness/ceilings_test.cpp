#include "harness/ceilings.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <omp.h>
#include <unistd.h>

#include "harness/ceilings/kernels.h"
#include "harness/error.h"
#include "harness/placement.h"
#include "tests/catch.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

/// A cache of its own, named by BITSWEEP_DATA until the end of the test.
struct CacheFolder {
  fs::path path = fs::temp_directory_path() / ("bitsweep_ceilings_" + std::to_string(getpid()));
  CacheFolder() { setenv("BITSWEEP_DATA", path.c_str(), 1); }
  ~CacheFolder() {
    unsetenv("BITSWEEP_DATA");
    fs::remove_all(path);
  }
  fs::path file(const Machine& machine) const {
    return path / "ceilings" / (machine_class(machine) + ".json");
  }
};

const Ceilings planted = {2, {{"fp32", "avx2", 1e9}}, {{1024, 5e9}, {4096, 2e9}}, "2026-11-25T00:00:00.000Z"};

Machine some_machine() {
  Machine machine;
  machine.cpu = "a CPU of the test";
  return machine;
}

bool ascending(const Ceilings& ceilings) {
  return std::is_sorted(ceilings.bandwidth.begin(), ceilings.bandwidth.end(),
                        [](auto& a, auto& b) { return a.working_set < b.working_set; });
}

}  // namespace

TEST_CASE("ceilings: this node has some, each above 0") {
  const Ceilings measured = measure_ceilings(1);
  CHECK(measured.threads == 1);
  CHECK_FALSE(measured.measured.empty());
  for (const Arithmetic& arithmetic : measured.arithmetic) CHECK(arithmetic.macs_per_s > 0);
  REQUIRE(measured.bandwidth.size() > 2);
  for (const Bandwidth& bandwidth : measured.bandwidth) CHECK(bandwidth.bytes_per_s > 0);
  CHECK(ascending(measured));
  CHECK(nlohmann::json(measured).get<Ceilings>() == measured);
}

TEST_CASE("ceilings: measuring leaves each thread the cores that it had") {
  const auto cores_of_threads = [] {
    std::vector<CoreSet> cores(2);
#pragma omp parallel num_threads(2)
    cores[static_cast<size_t>(omp_get_thread_num())] = allowed_cores();
    return cores;
  };
  if (process_cores().size() < 2) return;
  const std::vector<CoreSet> before = cores_of_threads();
  CHECK(measure_ceilings(2).threads == 2);
  CHECK(cores_of_threads() == before);
}

TEST_CASE("ceilings: no threads cannot be measured") {
  CHECK_THROWS_AS(measure_ceilings(0), Error);
  CHECK_THROWS_AS(measure_ceilings(-1), Error);
}

TEST_CASE("ceilings: more threads than cores are refused, with what would be right") {
  const int cores = static_cast<int>(process_cores().size());
  CHECK_THROWS_WITH(measure_ceilings(cores + 1),
                    ContainsSubstring(fmt::format("more than the {} cores", cores)) &&
                        ContainsSubstring(fmt::format("right is a number from 1 to {}", cores)));
}

TEST_CASE("ceilings: a precision without instructions has none") {
  CHECK(arithmetic_kernels({}).empty());
  const auto kernels = arithmetic_kernels({"avx2", "fma"});
  REQUIRE(kernels.size() == 2);
  CHECK(kernels[0].precision == "fp32");
  CHECK(kernels[1].precision == "int8");
  for (const auto& kernel : arithmetic_kernels({"avx512f", "avx512bw", "avx512_vnni", "avx512_bf16"}))
    CHECK(kernel.precision != "fp16");
}

TEST_CASE("ceilings: every kernel that can run here runs") {
  const std::vector<std::string> isa = inspect_machine().isa;
  for (const ArithmeticKernel& kernel : arithmetic_kernels(isa)) {
    INFO(kernel.precision << " " << kernel.isa);
    CHECK(kernel.macs > 0);
    kernel.run(1);
    kernel.run(1000);
  }
  alignas(64) static const std::byte memory[2 * reading_step] = {};
  reading_kernel(isa).run(memory, sizeof memory);
  reading_kernel({}).run(memory, sizeof memory);
}

TEST_CASE("ceilings: what is stored is found again, by machine class and threads") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  raise_ceilings(machine, planted);
  Ceilings three = planted;
  three.threads = 3;
  three.arithmetic[0].macs_per_s = 7e9;
  raise_ceilings(machine, three);
  CHECK(ceilings(machine, 2) == planted);
  CHECK(ceilings(machine, 3) == three);
}

TEST_CASE("ceilings: measured again, the highest of each stays") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  raise_ceilings(machine, planted);
  const Ceilings again = {2,
                          {{"fp32", "avx2", 3e9}, {"int8", "avx2", 4e9}},
                          {{512, 9e9}, {1024, 1e9}, {4096, 3e9}, {8192, 1e9}},
                          "2026-11-26T00:00:00.000Z"};
  const Ceilings expected = {2,
                             {{"fp32", "avx2", 3e9}, {"int8", "avx2", 4e9}},
                             {{512, 9e9}, {1024, 5e9}, {4096, 3e9}, {8192, 1e9}},
                             "2026-11-26T00:00:00.000Z"};
  CHECK(raise_ceilings(machine, again) == expected);
  CHECK(raise_ceilings(machine, planted) == expected);
  CHECK(ceilings(machine, 2) == expected);
}

TEST_CASE("ceilings: a broken, older or impossible file is measured anew") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  raise_ceilings(machine, planted);
  const auto whole = nlohmann::json::parse(std::ifstream(cache.file(machine)));
  auto older = whole;
  older["format"] = 0;
  auto impossible = whole;
  impossible["ceilings"][0]["bandwidth"][0]["bytes_per_s"] = 0;
  auto unordered = whole;
  unordered["ceilings"][0]["bandwidth"][0]["working_set"] = 1 << 20;
  const std::string cut_off = whole.dump().substr(0, 50);
  Ceilings one = planted;
  one.threads = 1;
  for (const std::string& text :
       {std::string(), cut_off, std::string("[]"), older.dump(), impossible.dump(), unordered.dump()}) {
    INFO(text);
    std::ofstream(cache.file(machine)) << text;
    // Nothing of the file is left: what is stored now is what was raised now.
    CHECK(raise_ceilings(machine, one) == one);
    CHECK(nlohmann::json::parse(std::ifstream(cache.file(machine))).at("ceilings").size() == 1);
  }
  std::ofstream(cache.file(machine)) << cut_off;
  const Ceilings anew = ceilings(machine, 1);
  CHECK(anew != one);
  CHECK_FALSE(why_not_stored(machine, anew));
}

TEST_CASE("ceilings: what was disturbed is measured again, and quiet takes the mark away") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  const auto disturbed = [](double macs_per_s) {
    return Ceilings{
        1, {{"fp32", "avx2", macs_per_s}}, {{1024, 5e9}}, "2026-11-25T00:00:00.000Z", {"by the test"}};
  };
  CHECK(raise_ceilings(machine, disturbed(2e18)).disturbed.size() == 1);
  const Ceilings again = ceilings(machine, 1);
  CHECK(again.measured > planted.measured);
  CHECK(again.bandwidth.size() > 1);
  CHECK(again.arithmetic.front().macs_per_s == 2e18);  // what was reached once stays
  CHECK(again.disturbed.size() != 1);                  // none if it is quiet now, else two

  fs::remove_all(cache.path);
  for (int attempt = 0; attempt < 5; ++attempt) raise_ceilings(machine, disturbed(1e9));
  CHECK(ceilings(machine, 1).disturbed.size() == disturbed_attempts);
  CHECK(ceilings(machine, 1).bandwidth.size() == 1);  // it is never quiet here; not measured again
  Ceilings quiet = disturbed(1e8);
  quiet.disturbed.clear();
  CHECK(raise_ceilings(machine, quiet).disturbed.empty());
  CHECK(raise_ceilings(machine, disturbed(1e7)).disturbed.empty());
  CHECK(ceilings(machine, 1).arithmetic.front().macs_per_s == 1e9);
}

TEST_CASE("ceilings: a file that does not tell whether it was disturbed counts as disturbed") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  raise_ceilings(machine, planted);
  auto json = nlohmann::json::parse(std::ifstream(cache.file(machine)));
  json["ceilings"][0].erase("disturbed");
  CHECK(json["ceilings"][0].get<Ceilings>().disturbed.size() == 1);
}

TEST_CASE("ceilings: a cache that cannot be written is no error") {
  const CacheFolder cache;
  std::ofstream(cache.path) << "a file where the folder should be";
  CHECK(raise_ceilings(some_machine(), planted) == planted);
  CHECK_THAT(why_not_stored(some_machine(), planted).value_or(""),
             ContainsSubstring(cache.file(some_machine()).string()) && ContainsSubstring("BITSWEEP_DATA"));
  CHECK(ceilings(some_machine(), 1).threads == 1);
}

const Ceilings of_a_gpu = {0,
                           {{"fp16", "cublasLt", 4e14}},
                           {{1 << 20, 5e12}, {1 << 30, 3e12}},
                           "2026-11-25T00:00:00.000Z",
                           {},
                           "a GPU of the test",
                           {{"host to device", 5e10}, {"device to host", 4e10}}};

TEST_CASE("ceilings: those of a GPU survive the way through JSON") {
  CHECK(nlohmann::json(of_a_gpu).get<Ceilings>() == of_a_gpu);
  CHECK(nlohmann::json(planted).get<Ceilings>() == planted);
  CHECK_FALSE(nlohmann::json(planted).contains("device"));  // as older versions wrote it
}

TEST_CASE("ceilings: those of a GPU are kept beside those of the CPU, and measured once") {
  const CacheFolder cache;
  const Machine machine = some_machine();
  raise_ceilings(machine, planted);
  int measured = 0;
  const auto measure = [&] { return ++measured, of_a_gpu; };
  CHECK(ceilings(machine, of_a_gpu.device, measure) == of_a_gpu);
  CHECK(ceilings(machine, of_a_gpu.device, measure) == of_a_gpu);
  CHECK(measured == 1);
  CHECK(ceilings(machine, 2) == planted);
  Ceilings faster = of_a_gpu;
  faster.transfers[1].bytes_per_s = 6e10;
  CHECK(raise_ceilings(machine, faster).transfers == faster.transfers);
  CHECK(raise_ceilings(machine, of_a_gpu).transfers == faster.transfers);
  CHECK(ceilings(machine, 2) == planted);
}
