#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

/// How a version of cgroups writes the quota of a group, in cores; nothing where there is none.
struct Version {
  std::string mount;
  std::string group;  ///< this process's, from the mount on, begins with "/"
  std::optional<double> (*quota)(const Sight& sight, const std::string& folder) = nullptr;
};

std::optional<double> cores(double quota_us, double period_us) {
  return quota_us > 0 && period_us > 0 ? std::optional(quota_us / period_us) : std::nullopt;
}

/// "50000 100000", or "max 100000".
std::optional<double> quota_of_version_2(const Sight& sight, const std::string& folder) {
  std::istringstream text(sight.line(folder + "/cpu.max").value_or(""));
  double quota = 0, period = 0;
  return text >> quota >> period ? cores(quota, period) : std::nullopt;
}

/// Two files; -1 where there is no quota.
std::optional<double> quota_of_version_1(const Sight& sight, const std::string& folder) {
  std::istringstream text(sight.line(folder + "/cpu.cfs_quota_us").value_or("") + " " +
                          sight.line(folder + "/cpu.cfs_period_us").value_or(""));
  double quota = 0, period = 0;
  return text >> quota >> period ? cores(quota, period) : std::nullopt;
}

/// The hierarchies that can hold a quota. A line of proc/self/cgroup is NUMBER:CONTROLLERS:GROUP; version 2
/// has number 0 and no controllers.
std::vector<Version> versions(const Sight& sight) {
  const std::string mount = "sys/fs/cgroup";
  std::vector<Version> result;
  for (const std::string& line : sight.lines("proc/self/cgroup")) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      for (const char* place : {"", "/unified"})
        if (sight.has(mount + place + "/cgroup.controllers"))
          result.push_back({mount + place, group, quota_of_version_2});
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      // One of the two may be a link to the other; what was counted in it must not count twice.
      const std::string all = "/" + controllers, place = sight.has(mount + all) ? all : "/cpu";
      if (sight.has(mount + place)) result.push_back({mount + place, group, quota_of_version_1});
    }
  }
  return result;
}

/// The folders of this process's group and of all above it, each version's own. What a container sees of them
/// may begin further down than its group is named: a folder need not be there.
std::vector<std::string> folders(const Version& version) {
  std::vector<std::string> result;
  for (std::string group = version.group;;) {
    result.push_back(version.mount + group);
    if (group.empty() || group == "/") return result;
    group.erase(group.find_last_of('/'));
  }
}

}  // namespace

Surrounding affinity(const Sight& sight) {
  const CoreSet allowed = sight.allowed_cores(), online = sight.online_cores();
  if (allowed.empty() || online.empty())
    return {"affinity", "unknown", false,
            "which cores this process may use is hidden, and it may share them; give the number of threads "
            "(`threads:`) yourself."};
  const std::string value =
      fmt::format("{} of {} cores ({})", allowed.size(), online.size(), to_text(allowed));
  if (allowed.size() >= online.size()) return {"affinity", value, true, ""};
  return {
      "affinity", value, false,
      "the other cores may run what shares caches, memory and clock with these; take the node alone (Slurm: "
      "`--exclusive`)."};
}

Surrounding cpu_quota(const Sight& sight) {
  const std::vector<Version> found = versions(sight);
  if (found.empty())
    return {
        "CPU quota", "unknown", false,
        "control groups are hidden, and a quota would stop all threads for part of each tenth of a second; "
        "ask who runs the container for none."};
  double least = INFINITY;
  for (const Version& version : found)
    for (const std::string& folder : folders(version))
      least = std::min(least, version.quota(sight, folder).value_or(INFINITY));
  if (std::isinf(least)) return {"CPU quota", "none", true, ""};
  const std::string value = fmt::format("{:.3g} cores", least);
  if (least >= static_cast<double>(sight.allowed_cores().size()) && !sight.allowed_cores().empty())
    return {"CPU quota", value, true, ""};
  return {
      "CPU quota", value, false,
      "when it is spent all threads stand still until the next period; remove it (cgroup `cpu.max`, docker "
      "without `--cpus`, Kubernetes without a CPU limit), and bind to cores instead."};
}

/// Both versions write "nr_throttled N" into cpu.stat, of the group itself, not of those below it.
int64_t times_throttled_by_quota(const Sight& sight) {
  constexpr std::string_view name = "nr_throttled ";
  int64_t times = 0;
  for (const Version& version : versions(sight))
    for (const std::string& folder : folders(version))
      for (const std::string& line : sight.lines(folder + "/cpu.stat"))
        if (line.starts_with(name)) times += std::atoll(line.c_str() + name.size());
  return times;
}

}  // namespace bitsweep
