// bitsweep doctor: what this node can do, and what disturbs measuring on it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "harness/ceilings.h"
#include "harness/cli/verbs.h"
#include "harness/error.h"
#include "harness/fusion.h"
#include "harness/gpus.h"
#include "harness/machine.h"
#include "harness/models/models.h"
#include "harness/placement.h"
#include "harness/surroundings.h"
#include "results/quantity.h"
#include "results/render.h"

namespace bitsweep {
namespace {

struct Options {
  int threads = 0;
  bool json = false;
};

/// Whether a backend runs a precision on this node.
struct Ability {
  std::string backend, precision;
  std::string why_not;  ///< empty: it runs
};

/// The ceilings of the CPU, or of what a backend computes on instead.
struct Measured {
  std::string heading;  ///< what was measured
  std::string why_not;  ///< empty: it was
  Ceilings now;         ///< as just measured
  Ceilings highest;     ///< ever measured on this class of machine, and stored
  std::vector<std::string> warnings;
};

struct Findings {
  Machine machine;
  std::vector<Surrounding> surroundings;
  Gpus gpus;  ///< while their ceilings had just been measured
  Measured of_cpu;
  std::vector<Measured> of_devices;
  std::vector<Ability> abilities;
};

/// Every layer of the network is one that all backends have, so that a refusal is about the precision.
std::vector<Ability> abilities() {
  const Network network = fuse(build_model("mlp:8-4", 0));
  std::vector<Ability> result;
  for (const Backend& backend : backends())
    for (const PrecisionEntry& precision : precisions()) {
      const SessionRequest request{precision.value, 1, 1, {}};
      result.push_back({backend.name, precision.name, backend.why_not(network, request).value_or("")});
    }
  return result;
}

std::vector<std::string> warnings(const Machine& machine, const Ceilings& now, const Ceilings& highest) {
  std::vector<std::string> result;
  for (const std::string& disturbed : now.disturbed)
    result.push_back(
        fmt::format("The ceilings were disturbed while they were measured and may be too low: {}; run "
                    "`bitsweep doctor` again when it is quiet.",
                    disturbed));
  if (const auto why_not = why_not_stored(machine, highest)) result.push_back(*why_not + ".");
  return result;
}

Measured measured(const Machine& machine, std::string heading, Ceilings now) {
  Measured result{std::move(heading), "", std::move(now), {}, {}};
  result.highest = raise_ceilings(machine, result.now);
  result.warnings = warnings(machine, result.now, result.highest);
  return result;
}

/// A device that fails while it is measured is told, and the rest of the node nevertheless.
std::vector<Measured> measure_devices(const Machine& machine) {
  std::vector<Measured> all;
  for (const Backend& backend : backends()) {
    if (!backend.device) continue;
    const auto& [name, why_none] = backend.device();
    const std::string heading = fmt::format("{} ({})", why_none.empty() ? name : "a device", backend.name);
    if (!why_none.empty()) {
      all.push_back({heading, why_none, {}, {}, {}});
      continue;
    }
    try {
      all.push_back(measured(machine, heading, backend.measure_ceilings()));
    } catch (const Error& error) {
      all.push_back({heading, error.what(), {}, {}, {}});
    }
  }
  return all;
}

/// The surroundings come first: the ceilings keep all cores busy.
Findings examine(int threads) {
  bind_to(process_cores());
  Findings findings;
  const Machine machine = findings.machine = inspect_machine();
  findings.surroundings = inspect_surroundings();
  const int team = threads > 0 ? threads : std::max(1, machine.physical_cores);
  findings.of_cpu = measured(machine, fmt::format("{} threads", team), measure_ceilings(team));
  findings.of_devices = measure_devices(machine);
  findings.gpus = inspect_gpus();
  findings.abilities = abilities();
  return findings;
}

Rows describe(const Machine& machine) {
  const auto gib = readable(static_cast<double>(machine.memory_bytes), "bytes");
  return {{{"machine", ""}, {machine.host, ""}},
          {{"CPU", machine.cpu},
           {"instructions", fmt::format("{}", fmt::join(machine.isa, " "))},
           {"cores", fmt::format("{} physical, {} logical ({})", machine.physical_cores,
                                 machine.logical_cores, machine.core_set)},
           {"memory", gib},
           {"GPUs", machine.gpus.empty() ? "none" : fmt::format("{}", fmt::join(machine.gpus, ", "))},
           {"machine class", machine_class(machine)}}};
}

Rows describe(const std::vector<Surrounding>& surroundings) {
  Rows rows;
  rows.headings = {{"surrounding", ""}, {"value", ""}, {"", ""}, {"what to do", ""}};
  for (const auto& [name, value, fine, advice] : surroundings)
    rows.cells.push_back({name, value, std::string(fine ? "fine" : "!"), advice});
  return rows;
}

Rows describe_arithmetic(const Ceilings& now, const Ceilings& highest) {
  Rows rows;
  rows.headings = {{"arithmetic", ""}, {"with", ""}, {"now", "GMAC/s"}, {"highest so far", "GMAC/s"}};
  for (const Arithmetic& ceiling : highest.arithmetic) {
    rows.cells.push_back({ceiling.precision, ceiling.isa, Cell(), ceiling.macs_per_s * 1e-9});
    for (const Arithmetic& measured : now.arithmetic)
      if (measured.precision == ceiling.precision && measured.isa == ceiling.isa)
        rows.cells.back()[2] = measured.macs_per_s * 1e-9;
  }
  return rows;
}

Rows describe_bandwidth(const Ceilings& now, const Ceilings& highest) {
  Rows rows;
  rows.headings = {{"reading, over and over", "bytes"}, {"now", "GB/s"}, {"highest so far", "GB/s"}};
  for (const Bandwidth& ceiling : highest.bandwidth) {
    rows.cells.push_back({static_cast<double>(ceiling.working_set), Cell(), ceiling.bytes_per_s * 1e-9});
    for (const Bandwidth& measured : now.bandwidth)
      if (measured.working_set == ceiling.working_set) rows.cells.back()[1] = measured.bytes_per_s * 1e-9;
  }
  return rows;
}

Rows describe_transfers(const Ceilings& now, const Ceilings& highest) {
  Rows rows;
  rows.headings = {{"copying", ""}, {"now", "GB/s"}, {"highest so far", "GB/s"}};
  for (const Transfer& ceiling : highest.transfers) {
    rows.cells.push_back({ceiling.direction, Cell(), ceiling.bytes_per_s * 1e-9});
    for (const Transfer& measured : now.transfers)
      if (measured.direction == ceiling.direction) rows.cells.back()[1] = measured.bytes_per_s * 1e-9;
  }
  return rows;
}

/// What a GPU did while it was measured: its clock rises and its power with the work.
Rows describe(const std::vector<Gpu>& gpus) {
  const auto number = [](const auto& value) {
    return value ? Cell(static_cast<double>(*value)) : Cell(std::string("unknown"));
  };
  Rows rows;
  rows.headings = {{"GPU, right after", ""}, {"clock", "MHz"}, {"at most", "MHz"}, {"temperature", "C"},
                   {"power", "W"},           {"limit", "W"},   {"energy", "J"},    {"held down by", ""}};
  for (const Gpu& gpu : gpus)
    rows.cells.push_back({gpu.name, number(gpu.clock_mhz), number(gpu.most_clock_mhz),
                          number(gpu.temperature_celsius), number(gpu.power_w), number(gpu.power_limit_w),
                          number(gpu.energy_j), fmt::format("{}", fmt::join(gpu.throttled, ", "))});
  return rows;
}

Rows describe(const std::vector<Ability>& abilities) {
  Rows rows;
  rows.headings = {{"backend", ""}, {"precision", ""}, {"runs", ""}, {"why not", ""}};
  for (const auto& [backend, precision, why_not] : abilities)
    rows.cells.push_back({backend, precision, std::string(why_not.empty() ? "yes" : "no"), why_not});
  return rows;
}

std::string for_people(const Measured& measured) {
  const auto table = formats().front().render;
  std::string text = fmt::format("Ceilings of {}\n", measured.heading);
  if (!measured.why_not.empty()) return text + measured.why_not + "\n";
  for (const std::string& warning : measured.warnings) text += warning + "\n";
  text += table(describe_arithmetic(measured.now, measured.highest)) + "\n";
  text += table(describe_bandwidth(measured.now, measured.highest));
  if (!measured.highest.transfers.empty())
    text += "\n" + table(describe_transfers(measured.now, measured.highest));
  return text;
}

std::string for_people(const Findings& findings) {
  const auto table = formats().front().render;
  std::string text = fmt::format("{}\n{}\n{}", table(describe(findings.machine)),
                                 table(describe(findings.surroundings)), for_people(findings.of_cpu));
  for (const Measured& measured : findings.of_devices) text += "\n" + for_people(measured);
  if (!findings.gpus.found.empty()) text += "\n" + table(describe(findings.gpus.found));
  return text + "\n" + table(describe(findings.abilities));
}

nlohmann::json for_programs(const Measured& measured) {
  if (!measured.why_not.empty()) return {{"of", measured.heading}, {"why_not", measured.why_not}};
  return {{"of", measured.heading},
          {"now", measured.now},
          {"highest", measured.highest},
          {"warnings", measured.warnings}};
}

std::string for_programs(const Findings& findings) {
  nlohmann::json json = {{"machine", findings.machine},
                         {"machine_class", machine_class(findings.machine)},
                         {"surroundings", findings.surroundings},
                         {"gpus", findings.gpus.found},
                         {"ceilings", for_programs(findings.of_cpu)}};
  json["device_ceilings"] = nlohmann::json::array();
  for (const Measured& measured : findings.of_devices)
    json["device_ceilings"].push_back(for_programs(measured));
  json["backends"] = nlohmann::json::array();
  for (const auto& [backend, precision, why_not] : findings.abilities)
    json["backends"].push_back(
        {{"backend", backend}, {"precision", precision}, {"runs", why_not.empty()}, {"why_not", why_not}});
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

Action define_doctor(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("--threads", options->threads, "Of the ceilings; default: the physical cores")
      ->check(CLI::PositiveNumber);
  verb.add_flag("--json", options->json, "All of it as JSON, for programs");
  return [options] {
    const Findings findings = examine(options->threads);
    fmt::print("{}", options->json ? for_programs(findings) : for_people(findings));
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
