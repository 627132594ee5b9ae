// bitsweep doctor: what this node can do, and what disturbs measuring on it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "harness/ceilings.h"
#include "harness/cli/verbs.h"
#include "harness/fusion.h"
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

struct Findings {
  Machine machine;
  std::vector<Surrounding> surroundings;
  Ceilings now;      ///< as just measured
  Ceilings highest;  ///< ever measured on this class of machine, and stored
  std::vector<Ability> abilities;
  std::vector<std::string> warnings;  ///< about the ceilings
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

/// The surroundings come first: the ceilings keep all cores busy.
Findings examine(int threads) {
  bind_to(process_cores());
  Findings findings;
  findings.machine = inspect_machine();
  findings.surroundings = inspect_surroundings();
  findings.now = measure_ceilings(threads > 0 ? threads : std::max(1, findings.machine.physical_cores));
  findings.highest = raise_ceilings(findings.machine, findings.now);
  findings.warnings = warnings(findings.machine, findings.now, findings.highest);
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

Rows describe(const std::vector<Ability>& abilities) {
  Rows rows;
  rows.headings = {{"backend", ""}, {"precision", ""}, {"runs", ""}, {"why not", ""}};
  for (const auto& [backend, precision, why_not] : abilities)
    rows.cells.push_back({backend, precision, std::string(why_not.empty() ? "yes" : "no"), why_not});
  return rows;
}

std::string for_people(const Findings& findings) {
  const auto table = formats().front().render;
  std::string warnings;
  for (const std::string& warning : findings.warnings) warnings += warning + "\n";
  return fmt::format("{}\n{}\nCeilings of {} threads\n{}{}\n{}\n{}", table(describe(findings.machine)),
                     table(describe(findings.surroundings)), findings.now.threads, warnings,
                     table(describe_arithmetic(findings.now, findings.highest)),
                     table(describe_bandwidth(findings.now, findings.highest)),
                     table(describe(findings.abilities)));
}

std::string for_programs(const Findings& findings) {
  nlohmann::json json = {
      {"machine", findings.machine},
      {"machine_class", machine_class(findings.machine)},
      {"surroundings", findings.surroundings},
      {"ceilings", {{"now", findings.now}, {"highest", findings.highest}, {"warnings", findings.warnings}}}};
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
