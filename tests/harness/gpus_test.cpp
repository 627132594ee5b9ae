#include "harness/gpus.h"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "harness/gpu_evidence.h"
#include "harness/surroundings.h"
#include "tests/catch.h"
#include "tests/places.h"

using namespace bitsweep;

namespace {

Gpu cool_gpu() {
  Gpu gpu;
  gpu.name = "a GPU of the test";
  gpu.driver = "580.1";
  gpu.clock_mhz = 345, gpu.most_clock_mhz = 1980, gpu.memory_clock_mhz = 2619;
  gpu.temperature_celsius = 30;
  gpu.power_w = 70, gpu.power_limit_w = 700;
  gpu.processes = 0;
  gpu.persistent = true;
  return gpu;
}

/// The rows that are not fine, by name.
std::vector<std::string> alarms(const Gpu& gpu) {
  std::vector<std::string> names;
  for (const Surrounding& surrounding : gpu_surroundings({{gpu}, ""})) {
    if (!surrounding.fine) names.push_back(surrounding.name);
    CHECK(surrounding.fine == surrounding.advice.empty());
  }
  return names;
}

}  // namespace

TEST_CASE("gpus: without a driver there are none, and it is said plainly") {
  const Gpus gpus = inspect_gpus("libno-such-driver.so.1");
  CHECK(gpus.found.empty());
  CHECK(gpus.why_none == "no GPU driver (libno-such-driver.so.1 cannot be loaded)");
  const std::vector<Surrounding> rows = gpu_surroundings(gpus);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].fine);
  CHECK(rows[0].value == "none: no GPU driver (libno-such-driver.so.1 cannot be loaded)");
}

TEST_CASE("gpus: a driver tells name, clocks, temperature, power and what holds the clock down") {
  const Gpus gpus = inspect_gpus(planted_nvml());
  REQUIRE(gpus.why_none.empty());
  REQUIRE(gpus.found.size() == 2);
  const Gpu& gpu = gpus.found[1];
  CHECK(gpu.name == "Planted GPU 1");
  CHECK(gpu.driver == "580.00.01");
  CHECK(gpu.memory_bytes == int64_t{80} << 30);
  CHECK(gpu.memory_used_bytes == int64_t{1} << 30);
  CHECK(gpu.clock_mhz == 1410);
  CHECK(gpu.most_clock_mhz == 1980);
  CHECK(gpu.memory_clock_mhz == 2619);
  CHECK(gpu.temperature_celsius == 61);
  CHECK(gpu.power_w == 350.5);
  CHECK(gpu.power_limit_w == 700.0);
  CHECK(gpu.energy_j >= 12.5);
  CHECK(gpu.processes == 3);
  CHECK(gpu.persistent == false);
  CHECK(gpu.throttled == std::vector<std::string>{"power limit", "temperature (hardware)"});
  CHECK(gpus.found[0].throttled.empty());  // it only idles
}

TEST_CASE("gpus: what a driver does not tell is unknown, not 0") {
  const Gpu gpu = inspect_gpus(planted_nvml()).found.at(0);
  CHECK_FALSE(gpu.energy_j);
  const nlohmann::json json = gpu;
  CHECK(json.at("energy_j").is_null());
  CHECK(json.at("clock_mhz") == 1410);
}

TEST_CASE("surroundings: a cool idle GPU is fine; heat, brakes, neighbours and an unloaded driver are told") {
  CHECK(alarms(cool_gpu()).empty());
  Gpu gpu = cool_gpu();
  gpu.throttled = {"hardware slowdown"};
  CHECK(alarms(gpu) == std::vector<std::string>{"GPU 0 held down by"});
  gpu = cool_gpu();
  gpu.temperature_celsius = 85;
  CHECK(alarms(gpu) == std::vector<std::string>{"GPU 0 temperature"});
  gpu = cool_gpu();
  gpu.processes = 2;
  CHECK(alarms(gpu) == std::vector<std::string>{"GPU 0 other programs"});
  gpu = cool_gpu();
  gpu.persistent = false;
  CHECK(alarms(gpu) == std::vector<std::string>{"GPU 0 persistence"});
  CHECK(alarms({"hidden", "1", {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}).size() == 5);
}

TEST_CASE("gpu evidence: a run tells the energy of an image, and what the GPU was like") {
  Result result;
  result.run.batch = 4;
  int steps = 0;
  add_gpu_evidence(
      result, "Planted GPU 1", [&] { ++steps; }, 2, planted_nvml());
  CHECK(steps > 0);
  REQUIRE(result.metrics.size() == 1);
  CHECK(result.metrics[0].name == "energy_per_image");
  CHECK(result.metrics[0].value * 2 * steps * 4 >= 0.49);  // J: the planted GPU takes 1 W, for half a second
  CHECK(result.evidence.at("gpu") ==
        "1410 of 1980 MHz, memory 2619 MHz, 61 C, 350 of 700 W, held down by: power limit, temperature "
        "(hardware)");
  CHECK(result.notes.empty());
}

TEST_CASE(
    "gpu evidence: a GPU whose clock is held down, or moved, while it is timed disturbs the measurement") {
  const Watch quiet_cores = [] { return [] { return Noise{}; }; };
  int steps = 0;
  const Noise hot = watch_gpu(
      quiet_cores, "Planted GPU 1", [&] { ++steps; }, planted_nvml())()();
  CHECK(steps > 1);
  CHECK(hot.gpu_clock_before_mhz == 1410);
  CHECK(disturbances(hot) ==
        std::vector<std::string>{"the GPU's clock was held down by: temperature (hardware)"});
  CHECK(described(hot).at("gpu_clock") == "1410 to 1410 MHz");
  Noise slower;
  slower.gpu_clock_before_mhz = 1980, slower.gpu_clock_after_mhz = 1900;
  CHECK(disturbances(slower) == std::vector<std::string>{"the GPU's clock changed by 4.0 %"});
  CHECK(loudness(slower) > loudness(Noise{}));
  slower.gpu_clock_after_mhz = 1950;
  CHECK(disturbances(slower).empty());
  const auto fails = [] { throw std::runtime_error("the engine is on fire"); };
  CHECK(disturbances(watch_gpu(quiet_cores, "Planted GPU 1", fails, planted_nvml())()()).empty());
  CHECK(described(watch_gpu(
                      quiet_cores, "no such GPU", [] {}, planted_nvml())()())
            .count("gpu_clock") == 0);
}

TEST_CASE("gpu evidence: a card that hides its energy, and one that is not there, tell nothing") {
  Result result;
  add_gpu_evidence(
      result, "Planted GPU 0", [] {}, 1, planted_nvml());
  add_gpu_evidence(
      result, "no such GPU", [] {}, 1, planted_nvml());
  add_gpu_evidence(
      result, "Planted GPU 1", [] {}, 1, "libno-such-driver.so.1");
  CHECK(result.metrics.empty());
  CHECK(result.evidence.empty());
}
