#include "results/site/memory.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <xxhash.h>

#include "results/night_formats.h"
#include "results/quantity.h"
#include "results/site/curve.h"
#include "results/site/objects.h"

namespace bitsweep {

namespace {

/// Raised when a file of the site holds something else than before: then all of them are made anew.
constexpr int layout = 1;
constexpr size_t most_told = 200;  // beyond those that are still there

/// The regression of this series that was told and is not over.
ToldRegression* open_one(SiteMemory& memory, const std::string& experiment, const std::string& key,
                         const std::string& metric) {
  const auto found = std::find_if(memory.told.begin(), memory.told.end(), [&](const ToldRegression& told) {
    return told.ended.empty() && told.experiment == experiment && told.key == key && told.metric == metric;
  });
  return found == memory.told.end() ? nullptr : &*found;
}

void add(SiteMemory& memory, const Night& night, ToldRegression told) {
  if (open_one(memory, night.experiment, told.key, told.metric) != nullptr) return;
  told.experiment = night.experiment;
  told.session = night.session;
  told.told = night.started;
  told.id = uuid_of(
      fmt::format("{} {} {} {} {}", memory.database, night.experiment, night.session, told.key, told.metric));
  memory.told.push_back(std::move(told));
}

}  // namespace

std::string uuid_of(const std::string& words) {
  const XXH128_hash_t hash = XXH3_128bits(words.data(), words.size());
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:x}{:03x}-{:012x}", hash.high64 >> 32,
                     hash.high64 >> 16 & 0xffff, hash.high64 & 0xfff, 8 + (hash.low64 >> 60) % 4,
                     hash.low64 >> 48 & 0xfff, hash.low64 & 0xffffffffffff);
}

SiteMemory read_memory(const std::filesystem::path& folder) {
  SiteMemory memory;
  std::ifstream file(folder / "state.json", std::ios::binary);
  const auto state = nlohmann::json::parse(file, nullptr, false);
  try {
    if (!state.is_object() || state.value("layout", 0) != layout) return memory;
    state.at("database").get_to(memory.database);
    state.at("newest_result").get_to(memory.newest_result);
    state.at("results").get_to(memory.results);
    for (const nlohmann::json& row : state.at("series")) {
      auto summary = row.get<SeriesSummary>();
      memory.series.emplace(summary.key, std::move(summary));
    }
    state.at("told").get_to(memory.told);
    state.at("nights").get_to(memory.nights);
  } catch (const nlohmann::json::exception&) {
    return {};
  }
  return memory;
}

std::string to_text(const SiteMemory& memory) {
  nlohmann::json state = {{"layout", layout},
                          {"database", memory.database},
                          {"newest_result", memory.newest_result},
                          {"results", memory.results},
                          {"series", nlohmann::json::array()},
                          {"told", memory.told},
                          {"nights", memory.nights}};
  for (const auto& [key, summary] : memory.series) state["series"].push_back(summary);
  return dumped(state) + "\n";
}

void take_note(const Night& night, SiteMemory& memory) {
  std::set<std::string> there;  // series and metrics that the night shows as regressed
  for (const Finding& finding : night.findings) {
    if (!finding.alarms()) continue;
    ToldRegression told;
    told.key = series_key(finding.run_id, finding.machine_class);
    told.run_id = finding.run_id;
    told.run = finding.run;
    told.metric = finding.metric;
    told.unit = finding.unit;
    told.since_session = finding.since_session;
    told.what = fmt::format("{} → {}, {}", readable(finding.verdict.before, finding.unit),
                            readable(finding.verdict.after, finding.unit), change_text(finding.verdict));
    told.why = finding.why;
    there.insert(told.key + " " + told.metric);
    add(memory, night, std::move(told));
  }
  for (const OutcomeChange& change : night.outcomes) {
    if (!change.alarms()) continue;
    ToldRegression told;
    told.key = series_key(change.run_id, change.machine_class);
    told.run_id = change.run_id;
    told.run = change.run;
    told.metric = "outcome";
    told.since_session = night.session;
    told.what = fmt::format("{} → {}{}", change.before, change.after,
                            change.reason.empty() ? "" : ": " + change.reason);
    add(memory, night, std::move(told));
  }
  for (ToldRegression& told : memory.told) {
    if (!told.ended.empty() || told.experiment != night.experiment || told.session == night.session) continue;
    const auto series = memory.series.find(told.key);
    const bool is_there = told.metric == "outcome"
                              ? series != memory.series.end() && series->second.outcome != "ok"
                              : there.count(told.key + " " + told.metric) > 0;
    if (!is_there) told.ended = night.started;
  }
  // Those that are still there have to stay, or the next night would tell them once more.
  size_t over = memory.told.size() - std::min(memory.told.size(), most_told);
  std::erase_if(memory.told,
                [&](const ToldRegression& told) { return !told.ended.empty() && over > 0 && over-- > 0; });
}

}  // namespace bitsweep
