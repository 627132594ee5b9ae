#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

/// Above these shares something disturbs. At half a second and two cores a tick is 1 %.
constexpr double much_load = 0.05;
constexpr double much_steal = 0.02;

/// User and system time of this process. Source: proc_pid_stat(5), fields 14 and 15; the name, field 2, is in
/// parentheses and may hold anything.
int64_t own_time(const Sight& sight) {
  const std::string line = sight.line("proc/self/stat").value_or("");
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  int64_t user = 0, system = 0;
  fields >> user >> system;
  return user + system;
}

double total(const CpuTimes& before, const CpuTimes& after) {
  return static_cast<double>(after.busy - before.busy + after.idle - before.idle + after.stolen -
                             before.stolen);
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100 * share);
}

}  // namespace

/// Source: proc_stat(5): user nice system idle iowait irq softirq steal.
CpuTimes cpu_times(const Sight& sight, const CoreSet& cores) {
  CpuTimes times;
  times.own = own_time(sight);
  for (const std::string& line : sight.lines("proc/stat")) {
    std::istringstream fields(line);
    std::string name;
    int64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft = 0, stolen = 0;
    if (!(fields >> name >> user >> nice >> system >> idle >> wait >> interrupt >> soft >> stolen)) continue;
    const bool ours =
        std::any_of(cores.begin(), cores.end(), [&](int core) { return name == fmt::format("cpu{}", core); });
    if (!ours) continue;
    times.busy += user + nice + system + interrupt + soft;
    times.idle += idle + wait;
    times.stolen += stolen;
  }
  return times;
}

Surrounding other_load(const CpuTimes& before, const CpuTimes& after) {
  const double all = total(before, after);
  if (all <= 0)
    return {"other load", "unknown", false,
            "what other processes use is hidden; make sure that nothing else runs on this node."};
  const auto others =
      static_cast<double>(after.busy - before.busy - std::max<int64_t>(0, after.own - before.own));
  const double share = std::clamp(others / all, 0.0, 1.0);
  if (share < much_load) return {"other load", percent(share), true, ""};
  return {"other load", percent(share), false,
          "other processes use these cores, and each run's samples hold their share; end them (`top` shows "
          "them), or measure another time."};
}

Surrounding steal(const CpuTimes& before, const CpuTimes& after) {
  const double all = total(before, after);
  if (all <= 0)
    return {"steal", "unknown", false,
            "whether a host takes cores away is hidden; look at the spread of the samples."};
  const double share = std::clamp(static_cast<double>(after.stolen - before.stolen) / all, 0.0, 1.0);
  if (share < much_steal) return {"steal", percent(share), true, ""};
  return {
      "steal", percent(share), false,
      "the host gave these cores to other virtual machines meanwhile; take cores of your own (a dedicated "
      "instance), or measure another time."};
}

}  // namespace bitsweep
