#include "harness/gpus.h"

#include <algorithm>

#include <nlohmann/json.hpp>

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
  CHECK(gpu.energy_j == 12.5);
  CHECK(gpu.processes == 3);
  CHECK(gpu.persistent == false);
  CHECK(gpu.throttled == std::vector<std::string>{"power limit", "temperature (hardware)"});
  CHECK(gpus.found[0].throttled.empty());  // it only idles
}

TEST_CASE("gpus: what a driver does not tell is unknown, not 0") {
  const Gpu& gpu = inspect_gpus(planted_nvml()).found.at(0);
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
