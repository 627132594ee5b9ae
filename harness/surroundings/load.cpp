#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "harness/surroundings/facts.h"

namespace bitsweep {
namespace {

/// Above these shares of all cores something disturbs. At half a second and two cores a tick is 1 %.
constexpr double much_load = 0.05;
constexpr double much_steal = 0.02;
/// Above these shares of a single core. At half a second a tick is 2 %, and some core of many always has a
/// few.
constexpr double much_load_of_one = 0.2;
constexpr double much_steal_of_one = 0.08;

/// A field, counted from 1, above 2. Source: proc_pid_stat(5); the name, field 2, is in parentheses and may
/// hold anything.
std::optional<int64_t> field_of_stat(const Sight& sight, const std::string& path, int wanted) {
  const std::string line = sight.line(path).value_or("");
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < wanted; ++field) fields >> skipped;
  int64_t value = 0;
  return fields >> value ? std::optional(value) : std::nullopt;
}

/// User and system time of this process.
int64_t own_time(const Sight& sight) {
  return field_of_stat(sight, "proc/self/stat", 14).value_or(0) +
         field_of_stat(sight, "proc/self/stat", 15).value_or(0);
}

/// Shares of the cores' time.
struct Shares {
  double all = 0;    ///< of all cores together
  double worst = 0;  ///< of the core that has the most
  int worst_core = 0;
};

/// `own`: this process's ticks, which are left out. It sleeps meanwhile and has hardly any, on whatever core.
std::optional<Shares> shares(const CpuTimes& before, const CpuTimes& after, int64_t CoreTimes::*part,
                             int64_t own = 0) {
  Shares result;
  int64_t sum = 0, total = 0;
  for (const auto& [core, now] : after.cores) {
    const auto found = before.cores.find(core);
    if (found == before.cores.end()) continue;
    const CoreTimes& then = found->second;
    const int64_t taken = now.*part - then.*part;
    const int64_t time = now.busy - then.busy + now.idle - then.idle + now.stolen - then.stolen;
    sum += taken, total += time;
    if (const double share = time > 0 ? static_cast<double>(taken - own) / static_cast<double>(time) : 0;
        share > result.worst)
      result.worst = std::min(1.0, share), result.worst_core = core;
  }
  if (total <= 0) return std::nullopt;
  result.all = std::clamp(static_cast<double>(sum - own) / static_cast<double>(total), 0.0, 1.0);
  return result;
}

/// "3 %", or "2 %, of core 7 100 %" where a single core is what disturbs.
std::string to_text(const Shares& shares, double much_of_one) {
  const std::string all = fmt::format("{:.0f} %", 100 * shares.all);
  if (shares.worst < much_of_one) return all;
  return fmt::format("{}, of core {} {:.0f} %", all, shares.worst_core, 100 * shares.worst);
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
    const auto ours = std::find_if(cores.begin(), cores.end(),
                                   [&](int core) { return name == fmt::format("cpu{}", core); });
    if (ours != cores.end())
      times.cores[*ours] = {user + nice + system + interrupt + soft, idle + wait, stolen};
  }
  return times;
}

/// Sources: proc/self/task/ID/schedstat, time on a core in ns first (scheduler/sched-stats.rst of the
/// kernel); stat, field 39; sched, which is for people, by the name of the value.
std::map<int, ThreadTime> thread_times(const Sight& sight) {
  std::map<int, ThreadTime> times;
  for (const std::string& id : sight.names("proc/self/task")) {
    const std::string folder = "proc/self/task/" + id + "/";
    const auto on_a_core = sight.line(folder + "schedstat"),
               moves = sight.value(folder + "sched", "se.nr_migrations");
    const auto core = field_of_stat(sight, folder + "stat", 39);
    if (!on_a_core || !moves || !core) continue;
    times[std::atoi(id.c_str())] = {1e-9 * static_cast<double>(std::atoll(on_a_core->c_str())),
                                    static_cast<int>(*core), std::atoll(moves->c_str())};
  }
  return times;
}

Surrounding other_load(const CpuTimes& before, const CpuTimes& after) {
  const auto found = shares(before, after, &CoreTimes::busy, std::max<int64_t>(0, after.own - before.own));
  if (!found)
    return {"other load", "unknown", false,
            "what other processes use is hidden; make sure that nothing else runs on this node."};
  const std::string value = to_text(*found, much_load_of_one);
  if (found->all < much_load && found->worst < much_load_of_one) return {"other load", value, true, ""};
  return {"other load", value, false,
          "other processes use these cores, and each run's samples hold their share; end them (`top` shows "
          "them), or measure another time."};
}

Surrounding steal(const CpuTimes& before, const CpuTimes& after) {
  const auto found = shares(before, after, &CoreTimes::stolen);
  if (!found)
    return {"steal", "unknown", false,
            "whether a host takes cores away is hidden; look at the spread of the samples."};
  const std::string value = to_text(*found, much_steal_of_one);
  if (found->all < much_steal && found->worst < much_steal_of_one) return {"steal", value, true, ""};
  return {
      "steal", value, false,
      "the host gave these cores to other virtual machines meanwhile; take cores of your own (a dedicated "
      "instance), or measure another time."};
}

}  // namespace bitsweep
