#include "harness/surroundings.h"

#include <chrono>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {

void to_json(nlohmann::json& json, const Surrounding& surrounding) {
  json = {{"name", surrounding.name},
          {"value", surrounding.value},
          {"fine", surrounding.fine},
          {"advice", surrounding.advice}};
}

Environment this_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    const size_t equals = variable.find('=');
    if (equals != std::string::npos) environment[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return environment;
}

std::vector<Surrounding> inspect_surroundings(const std::filesystem::path& root,
                                              const Environment& environment,
                                              const std::function<void()>& wait) {
  const Sight sight(root);
  std::vector<Surrounding> all;
  for (const auto fact :
       {kernel, hypervisor, governor, turbo, smt, numa, affinity, cpu_quota, huge_pages, aslr, swap})
    all.push_back(fact(sight));
  const CoreSet allowed = sight.allowed_cores();
  const CpuTimes before = cpu_times(sight, allowed);
  wait();
  const CpuTimes after = cpu_times(sight, allowed);
  all.push_back(other_load(before, after));
  all.push_back(steal(before, after));
  for (const auto fact : {openmp_threads, openmp_limit, openmp_places})
    all.push_back(fact(environment, sight));
  return all;
}

std::vector<Surrounding> inspect_surroundings() {
  constexpr std::chrono::milliseconds while_others_work(500);
  std::vector<Surrounding> all =
      inspect_surroundings("/", this_environment(), [&] { std::this_thread::sleep_for(while_others_work); });
  for (Surrounding& of_gpu : gpu_surroundings(inspect_gpus())) all.push_back(std::move(of_gpu));
  return all;
}

}  // namespace bitsweep
