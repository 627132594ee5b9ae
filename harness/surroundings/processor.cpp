#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

const std::string cpus = "sys/devices/system/cpu/";

/// Whether the processor says that it is a virtual one; nothing if there is no telling.
std::optional<bool> is_virtual(const Sight& sight) {
  const auto flags = sight.value("proc/cpuinfo", "flags");
  if (!flags) return std::nullopt;
  std::istringstream words(*flags);
  return std::set<std::string>{std::istream_iterator<std::string>(words), {}}.count("hypervisor") > 0;
}

}  // namespace

Surrounding kernel(const Sight& sight) {
  const auto release = sight.line("proc/sys/kernel/osrelease");
  if (release) return {"kernel", *release, true, ""};
  return {"kernel", "unknown", false,
          "proc/ is hidden from this process, so little can be said here; run outside of the sandbox."};
}

Surrounding hypervisor(const Sight& sight) {
  const auto found = is_virtual(sight);
  if (!found)
    return {"hypervisor", "unknown", false,
            "whether this is a virtual machine is hidden; compare only what was measured in one block."};
  if (!*found) return {"hypervisor", "none", true, ""};
  const std::string maker = sight.line("sys/class/dmi/id/sys_vendor").value_or("maker hidden");
  return {"hypervisor", fmt::format("virtual machine ({})", maker), false,
          "neighbours on the host are invisible and change the clock and the caches; trust ratios within a "
          "block, and take a bare machine for absolute times."};
}

Surrounding governor(const Sight& sight) {
  std::set<std::string> governors;
  for (const int core : sight.allowed_cores())
    if (const auto name = sight.line(fmt::format("{}cpu{}/cpufreq/scaling_governor", cpus, core)))
      governors.insert(*name);
  if (governors.empty())
    return {"governor", "unknown", false,
            "the clock's control is hidden, as in virtual machines, and the clock may change unseen; compare "
            "only what was measured in one block."};
  if (governors == std::set<std::string>{"performance"}) return {"governor", "performance", true, ""};
  return {"governor", fmt::format("{}", fmt::join(governors, ", ")), false,
          "the clock follows the load and short inferences run slower; `sudo cpupower frequency-set -g "
          "performance` holds it up."};
}

Surrounding turbo(const Sight& sight) {
  const auto no_turbo = sight.line(cpus + "intel_pstate/no_turbo");
  const auto boost = sight.line(cpus + "cpufreq/boost");
  if (!no_turbo && !boost)
    return {
        "turbo", "unknown", false,
        "whether the clock may rise above its nominal rate is hidden, and the rate may depend on heat and "
        "neighbours; compare only what was measured in one block."};
  const bool on = no_turbo ? *no_turbo == "0" : *boost == "1";
  if (!on) return {"turbo", "off", true, ""};
  return {
      "turbo", "on", false,
      fmt::format("the clock depends on heat and on how many cores work; `echo {} | sudo tee /{}` holds it "
                  "at its nominal rate.",
                  no_turbo ? 1 : 0, cpus + (no_turbo ? "intel_pstate/no_turbo" : "cpufreq/boost"))};
}

Surrounding smt(const Sight& sight) {
  const auto active = sight.line(cpus + "smt/active");
  if (!active)
    return {
        "SMT", "unknown", false,
        "whether two threads share a core is hidden; use half of the cores and see whether it is as fast."};
  if (*active == "0" && is_virtual(sight).value_or(false))
    return {"SMT", "off, as this virtual machine is told", false,
            "two of its cores may be one of the host; use half of the cores and see whether it is as fast."};
  if (*active == "0") return {"SMT", "off", true, ""};
  return {"SMT", "on", false,
          "what runs on the other thread of a core takes half of it; use `threads: physical` and keep other "
          "work off the node, or `echo off | sudo tee /sys/devices/system/cpu/smt/control`."};
}

Surrounding numa(const Sight& sight) {
  const std::string nodes = "sys/devices/system/node/";
  const CoreSet online = parse_core_set(sight.line(nodes + "online").value_or(""));
  if (online.empty())
    return {"NUMA", "unknown", false,
            "whether memory is near or far is hidden; compare only what was measured in one block."};
  const CoreSet allowed = sight.allowed_cores();
  const std::set<int> ours(allowed.begin(), allowed.end());
  int used = 0;
  for (const int node : online) {
    bool is_used = false;
    for (const int core :
         parse_core_set(sight.line(fmt::format("{}node{}/cpulist", nodes, node)).value_or("")))
      is_used |= ours.count(core) > 0;
    used += is_used;
  }
  const std::string value = fmt::format("cores in {} of {} nodes", used, online.size());
  if (used <= 1) return {"NUMA", value, true, ""};
  return {
      "NUMA", value, false,
      "far memory is slower, and where pages lie differs from process to process; `numactl --cpunodebind=0 "
      "--membind=0 bitsweep ...` keeps to one node, or give each node a worker."};
}

}  // namespace bitsweep
