#include "harness/ceilings.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/places.h"

namespace bitsweep {
namespace {

/// Raised when other kernels or working sets are measured, so that older files are measured anew.
constexpr int file_format = 1;

std::filesystem::path file_of(const Machine& machine) {
  return cache() / "ceilings" / (machine_class(machine) + ".json");
}

bool is_rate(double value) {
  return std::isfinite(value) && value > 0;
}

/// Whether a file's numbers can be ceilings at all.
bool sound(const Ceilings& ceilings) {
  const auto& sets = ceilings.bandwidth;
  return (ceilings.threads > 0 || !ceilings.device.empty()) && !sets.empty() &&
         sets.front().working_set > 0 &&
         std::is_sorted(sets.begin(), sets.end(),
                        [](auto& a, auto& b) { return a.working_set < b.working_set; }) &&
         std::all_of(sets.begin(), sets.end(), [](auto& set) { return is_rate(set.bytes_per_s); }) &&
         std::all_of(ceilings.arithmetic.begin(), ceilings.arithmetic.end(),
                     [](auto& arithmetic) { return is_rate(arithmetic.macs_per_s); }) &&
         std::all_of(ceilings.transfers.begin(), ceilings.transfers.end(),
                     [](auto& transfer) { return is_rate(transfer.bytes_per_s); });
}

/// One entry a device and number of threads; none if the file is missing, broken or of another format: it is
/// a cache.
std::vector<Ceilings> read(const std::filesystem::path& path) {
  std::ifstream file(path);
  try {
    const auto json = nlohmann::json::parse(file);
    if (json.at("format").get<int>() != file_format) return {};
    auto entries = json.at("ceilings").get<std::vector<Ceilings>>();
    return std::all_of(entries.begin(), entries.end(), sound) ? entries : std::vector<Ceilings>();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

bool of_the_same(const Ceilings& entry, const std::string& device, int threads) {
  return entry.device == device && entry.threads == threads;
}

std::optional<Ceilings> find(const std::vector<Ceilings>& entries, const std::string& device, int threads) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](auto& entry) { return of_the_same(entry, device, threads); });
  return found == entries.end() ? std::nullopt : std::optional(*found);
}

/// By rename, so that a reader meets the old file or the new one. Workers of a node may write at once; what
/// one of them loses is measured again some day.
void write(const std::filesystem::path& path, const std::vector<Ceilings>& entries) {
  std::error_code unwritable;
  std::filesystem::create_directories(path.parent_path(), unwritable);
  const std::filesystem::path draft = fmt::format("{}.{}", path.string(), getpid());
  std::ofstream file(draft);
  file << nlohmann::json{{"format", file_format}, {"ceilings", entries}}.dump(2) << "\n";
  file.close();
  if (file) std::filesystem::rename(draft, path, unwritable);
  if (!file || unwritable) std::filesystem::remove(draft, unwritable);
}

/// Puts the entry in the place of the one for the same device and number of threads.
void store(const std::filesystem::path& path, std::vector<Ceilings> entries, const Ceilings& ceilings) {
  std::erase_if(entries, [&](auto& entry) { return of_the_same(entry, ceilings.device, ceilings.threads); });
  entries.push_back(ceilings);
  write(path, entries);
}

}  // namespace

void to_json(nlohmann::json& json, const Ceilings& ceilings) {
  json = {{"threads", ceilings.threads},
          {"arithmetic", nlohmann::json::array()},
          {"bandwidth", nlohmann::json::array()},
          {"measured", ceilings.measured},
          {"disturbed", ceilings.disturbed}};
  for (const auto& [precision, isa, macs_per_s] : ceilings.arithmetic)
    json["arithmetic"].push_back({{"precision", precision}, {"isa", isa}, {"macs_per_s", macs_per_s}});
  for (const auto& [working_set, bytes_per_s] : ceilings.bandwidth)
    json["bandwidth"].push_back({{"working_set", working_set}, {"bytes_per_s", bytes_per_s}});
  if (ceilings.device.empty()) return;
  json["device"] = ceilings.device;
  json["transfers"] = nlohmann::json::array();
  for (const auto& [direction, bytes_per_s] : ceilings.transfers)
    json["transfers"].push_back({{"direction", direction}, {"bytes_per_s", bytes_per_s}});
}

void from_json(const nlohmann::json& json, Ceilings& ceilings) {
  json.at("threads").get_to(ceilings.threads);
  json.at("measured").get_to(ceilings.measured);
  static const std::vector<std::string> unknown = {"not looked at, by an older version"};
  ceilings.disturbed = json.value("disturbed", unknown);
  ceilings.arithmetic.clear();
  for (const auto& entry : json.at("arithmetic"))
    ceilings.arithmetic.push_back({entry.at("precision"), entry.at("isa"), entry.at("macs_per_s")});
  ceilings.bandwidth.clear();
  for (const auto& entry : json.at("bandwidth"))
    ceilings.bandwidth.push_back({entry.at("working_set"), entry.at("bytes_per_s")});
  ceilings.device = json.value("device", "");
  ceilings.transfers.clear();
  for (const auto& entry : json.value("transfers", nlohmann::json::array()))
    ceilings.transfers.push_back({entry.at("direction"), entry.at("bytes_per_s")});
}

Ceilings highest(const Ceilings& left, const Ceilings& right) {
  Ceilings result = left;
  result.measured = std::max(left.measured, right.measured);
  auto& disturbed = result.disturbed;
  disturbed.insert(disturbed.end(), right.disturbed.begin(), right.disturbed.end());
  if (left.disturbed.empty() || right.disturbed.empty()) disturbed.clear();
  if (disturbed.size() > disturbed_attempts)
    disturbed.erase(disturbed.begin(), disturbed.end() - disturbed_attempts);
  for (const Arithmetic& other : right.arithmetic) {
    const auto same = std::find_if(result.arithmetic.begin(), result.arithmetic.end(), [&](auto& one) {
      return one.precision == other.precision && one.isa == other.isa;
    });
    if (same == result.arithmetic.end())
      result.arithmetic.push_back(other);
    else
      same->macs_per_s = std::max(same->macs_per_s, other.macs_per_s);
  }
  for (const Bandwidth& other : right.bandwidth) {
    const auto at = std::lower_bound(
        result.bandwidth.begin(), result.bandwidth.end(), other.working_set,
        [](const Bandwidth& one, int64_t working_set) { return one.working_set < working_set; });
    if (at == result.bandwidth.end() || at->working_set != other.working_set)
      result.bandwidth.insert(at, other);
    else
      at->bytes_per_s = std::max(at->bytes_per_s, other.bytes_per_s);
  }
  for (const Transfer& other : right.transfers) {
    const auto same = std::find_if(result.transfers.begin(), result.transfers.end(),
                                   [&](auto& one) { return one.direction == other.direction; });
    if (same == result.transfers.end())
      result.transfers.push_back(other);
    else
      same->bytes_per_s = std::max(same->bytes_per_s, other.bytes_per_s);
  }
  return result;
}

namespace {

Ceilings stored_or_measured(const Machine& machine, const std::string& device, int threads,
                            const std::function<Ceilings()>& measure) {
  const auto stored = find(read(file_of(machine)), device, threads);
  const bool good = stored && (stored->disturbed.empty() || stored->disturbed.size() >= disturbed_attempts);
  return good ? *stored : raise_ceilings(machine, measure());
}

}  // namespace

Ceilings ceilings(const Machine& machine, int threads) {
  return stored_or_measured(machine, "", threads, [&] { return measure_ceilings(threads); });
}

Ceilings ceilings(const Machine& machine, const std::string& device,
                  const std::function<Ceilings()>& measure) {
  return stored_or_measured(machine, device, 0, measure);
}

Ceilings raise_ceilings(const Machine& machine, const Ceilings& measured) {
  const std::filesystem::path path = file_of(machine);
  const std::vector<Ceilings> entries = read(path);
  const auto stored = find(entries, measured.device, measured.threads);
  const Ceilings raised = stored ? highest(*stored, measured) : measured;
  store(path, entries, raised);
  return raised;
}

std::optional<std::string> why_not_stored(const Machine& machine, const Ceilings& raised) {
  const std::filesystem::path path = file_of(machine);
  if (find(read(path), raised.device, raised.threads) == raised) return std::nullopt;
  return fmt::format(
      "{}: the ceilings could not be stored, and each run measures them again; right is a folder that "
      "can be written, named by BITSWEEP_DATA",
      path.string());
}

}  // namespace bitsweep
