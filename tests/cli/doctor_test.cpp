// bitsweep doctor, as another program would read it.
#include <array>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/places.h"

namespace fs = std::filesystem;

namespace {

struct Said {
  std::string text;
  int exit_code = -1;
};

/// Runs `bitsweep doctor` with these options and a cache of its own.
Said doctor(const fs::path& cache, const std::string& options) {
  const std::string command =
      "BITSWEEP_DATA='" + cache.string() + "' '" + bitsweep::program() + "' doctor " + options + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Said said;
  std::array<char, 4096> buffer{};
  for (size_t bytes = 0; (bytes = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    said.text.append(buffer.data(), bytes);
  said.exit_code = WEXITSTATUS(pclose(pipe));
  return said;
}

}  // namespace

TEST_CASE(
    "doctor: tells programs the machine, its surroundings, ceilings and backends, and keeps the ceilings") {
  const fs::path cache = fs::temp_directory_path() / ("bitsweep_doctor_" + std::to_string(getpid()));
  const Said said = doctor(cache, "--json --threads 1");
  const auto kept = fs::exists(cache / "ceilings");
  fs::remove_all(cache);
  REQUIRE(said.exit_code == 0);
  const auto json = nlohmann::json::parse(said.text);
  CHECK_FALSE(json.at("machine").at("cpu").get<std::string>().empty());
  CHECK(json.at("surroundings").size() > 10);
  CHECK(json.at("ceilings").at("highest").at("threads") == 1);
  CHECK(json.at("ceilings").at("now").at("bandwidth").size() > 2);
  const auto& first = json.at("backends").at(0);
  CHECK(first.at("backend") == "reference");
  CHECK(first.at("runs") == true);
  // One line if it was disturbed just now.
  const auto& ceilings = json.at("ceilings");
  CHECK(ceilings.at("warnings").size() == ceilings.at("now").at("disturbed").size());
  CHECK(kept);
  // Where this is a node without a GPU, and a build that could use one, that is said and nothing fails.
  for (const auto& device : json.at("device_ceilings"))
    if (json.at("gpus").empty())
      CHECK_THAT(device.at("why_not").get<std::string>(), ContainsSubstring("no CUDA device: "));
    else
      CHECK(device.at("now").at("arithmetic").size() >= 4);
}

TEST_CASE("doctor: ceilings that cannot be stored are told in a line, with the file") {
  const Said said = doctor("/proc/nope", "--threads 1");
  CHECK(said.exit_code == 0);
  CHECK_THAT(said.text, ContainsSubstring("/proc/nope/ceilings/") &&
                            ContainsSubstring("could not be stored") && ContainsSubstring("BITSWEEP_DATA"));
}

TEST_CASE("doctor: more threads than cores are refused, and nothing is stored") {
  const fs::path cache = fs::temp_directory_path() / "bitsweep_doctor_none";
  const Said said = doctor(cache, "--threads 1000");
  CHECK(said.exit_code == 2);
  CHECK_THAT(said.text, ContainsSubstring("1000 threads are more than the") &&
                            ContainsSubstring("right is a number from 1 to"));
  CHECK_FALSE(fs::exists(cache));
}

TEST_CASE("doctor: threads that OpenMP does not give are an error of usage, not a lower ceiling") {
  setenv("OMP_THREAD_LIMIT", "1", 1);
  const Said said = doctor(fs::temp_directory_path() / "bitsweep_doctor_none", "--threads 2");
  unsetenv("OMP_THREAD_LIMIT");
  CHECK(said.exit_code == 2);
  CHECK_THAT(said.text, ContainsSubstring("2 threads were asked for and OpenMP gave 1"));
}
