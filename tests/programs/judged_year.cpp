// A made-up year of nights, judged night by night as `bitsweep regressions` does: are the planted regressions
// found, and is nothing else?
//   judged_year DATABASE [NIGHTS [RUNS]]     default: 365 nights of 200 runs; the database must not exist yet
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "results/night.h"
#include "results/store.h"

using namespace bitsweep;

namespace {

/// What befalls a run in the year.
struct Fate {
  enum class Kind { nothing, step, spike, drift, upgrade };
  Kind kind = Kind::nothing;
  int night = 0;    ///< when it begins, from 0
  double size = 0;  ///< share by which it becomes slower; below 0: faster
  double noise = 0.01;
};

const char* name_of(Fate::Kind kind) {
  switch (kind) {
    case Fate::Kind::nothing:
      return "nothing";
    case Fate::Kind::step:
      return "step";
    case Fate::Kind::spike:
      return "spike of one night";
    case Fate::Kind::drift:
      return "drift over 60 nights";
    case Fate::Kind::upgrade:
      return "library upgrade";
  }
  return "";
}

constexpr int upgrade_night = 250;
constexpr int drift_nights = 60;

/// Of 20 runs, 4 step, 2 spike, 1 drifts, 2 are slower and 1 is faster with the new library; noise is 0.5 to
/// 2 %.
std::vector<Fate> fates(int runs, int nights, std::mt19937_64& random) {
  static constexpr double sizes[] = {0.05, 0.10, 0.20, 0.035};
  std::vector<Fate> list(static_cast<size_t>(runs));
  std::uniform_int_distribution<int> when(20, std::max(21, nights - 20));
  for (int i = 0; i < runs; ++i) {
    Fate& fate = list[static_cast<size_t>(i)];
    fate.noise = 0.005 * std::pow(4, std::uniform_real_distribution<double>(0, 1)(random));
    fate.night = when(random);
    const int part = i % 20;
    if (part < 4) {
      fate.kind = Fate::Kind::step;
      fate.size = sizes[part];
    } else if (part < 6) {
      fate.kind = Fate::Kind::spike;
      fate.size = 0.25;
    } else if (part == 6) {
      fate.kind = Fate::Kind::drift;
      fate.size = 0.10;
    } else if (part < 10 && nights > upgrade_night + 20) {
      fate.kind = Fate::Kind::upgrade;
      fate.night = upgrade_night;
      fate.size = part == 9 ? -0.10 : 0.08;
    }
  }
  return list;
}

/// How much slower than at the beginning.
double factor(const Fate& fate, int night) {
  switch (fate.kind) {
    case Fate::Kind::nothing:
      return 1;
    case Fate::Kind::spike:
      return night == fate.night ? 1 + fate.size : 1;
    case Fate::Kind::drift:
      return 1 + fate.size * std::clamp((night - fate.night) / static_cast<double>(drift_nights), 0.0, 1.0);
    case Fate::Kind::step:
    case Fate::Kind::upgrade:
      return night >= fate.night ? 1 + fate.size : 1;
  }
  return 1;
}

Result measured(int run, const Fate& fate, int night, std::mt19937_64& random) {
  Result result;
  result.run.model = fmt::format("model{:03}", run);
  result.outcome = Outcome::ok;
  const double noise = 1 + fate.noise * std::normal_distribution<double>()(random);
  const double latency_ns = 1e6 * (1 + run % 7) * factor(fate, night) * noise;
  result.metrics = {{"latency_p50", latency_ns, "ns", Direction::lower_is_better}};
  result.layers = {
      {"conv1", "convolution", "brgconv:avx512_core", "f32:f32:f32", latency_ns * 0.6, 1000, 1000},
      {"fc", "linear", "brgemm:avx512_core", "f32:f32:f32", latency_ns * 0.4, 1000, 1000}};
  result.machine.host = "node1";
  result.machine.physical_cores = 2;
  result.software = {"0.1.0", "Release", {{"oneDNN", night >= upgrade_night ? "3.7.2" : "2.6.3"}}};
  result.started = "2026-01-01T00:00:00Z";
  return result;
}

/// What was told of a run.
struct Told {
  int first_night = -1;  ///< of a regression (or improvement) worth attention that belongs to the fate
  int confirmed_night = -1;
  bool names_the_library = false;
  int false_nights = 0;  ///< nights with a regression that nothing caused
};

void take_note(const Night& night, int number, const std::vector<Fate>& fates, std::vector<Told>& told) {
  for (const Finding& finding : night.findings) {
    if (!finding.verdict.worth_attention) continue;
    const auto run = static_cast<size_t>(std::stoi(finding.run.substr(finding.run.find("=model") + 6, 3)));
    const Fate& fate = fates[run];
    const bool right = fate.kind != Fate::Kind::nothing && number >= fate.night &&
                       (fate.size > 0) == (finding.verdict.judgement == Judgement::regressed);
    if (!right) {
      told[run].false_nights += finding.verdict.judgement == Judgement::regressed;
      continue;
    }
    if (told[run].first_night < 0) told[run].first_night = number;
    if (told[run].confirmed_night < 0 && finding.verdict.confirmed) told[run].confirmed_night = number;
    for (const std::string& sentence : finding.why)
      told[run].names_the_library |= sentence.find("oneDNN: 2.6.3") != std::string::npos;
  }
}

void print_table(const std::vector<Fate>& fates, const std::vector<Told>& told) {
  struct Row {
    int runs = 0, found = 0, confirmed = 0, named = 0, false_nights = 0;
    double delay = 0;
  };
  std::map<std::pair<Fate::Kind, double>, Row> rows;
  for (size_t i = 0; i < fates.size(); ++i) {
    Row& row = rows[{fates[i].kind, fates[i].size}];
    ++row.runs;
    row.found += told[i].first_night >= 0;
    row.confirmed += told[i].confirmed_night >= 0;
    row.named += told[i].names_the_library;
    row.false_nights += told[i].false_nights;
    if (told[i].first_night >= 0) row.delay += told[i].first_night - fates[i].night;
  }
  fmt::print("{:<22} {:>6} {:>5} {:>6} {:>10} {:>14} {:>13} {:>13}\n", "planted", "size", "runs", "found",
             "confirmed", "nights until", "names library", "false nights");
  for (const auto& [key, row] : rows)
    fmt::print("{:<22} {:>5.1f}% {:>5} {:>6} {:>10} {:>14.1f} {:>13} {:>13}\n", name_of(key.first),
               100 * key.second, row.runs, row.found, row.confirmed,
               row.found > 0 ? row.delay / row.found : 0, row.named, row.false_nights);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::filesystem::exists(argv[1])) {
    fmt::print(stderr, "judged_year DATABASE [NIGHTS [RUNS]]: the database must not exist yet\n");
    return 2;
  }
  const int nights = argc > 2 ? std::stoi(argv[2]) : 365, runs = argc > 3 ? std::stoi(argv[3]) : 200;
  std::mt19937_64 random(1);
  const std::vector<Fate> planted = fates(runs, nights, random);
  std::vector<Told> told(planted.size());
  Experiment experiment;
  experiment.name = "year";
  double judging_s = 0;
  Store store(argv[1], Store::Access::read_write);
  for (int night = 0; night < nights; ++night) {
    const int64_t session = store.begin_session(experiment, runs);
    for (int run = 0; run < runs; ++run)
      store.add(session, measured(run, planted[static_cast<size_t>(run)], night, random));
    const auto begin = std::chrono::steady_clock::now();
    const Night judged = judge_night(argv[1], "year", session, usual_thresholds());
    judging_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    take_note(judged, night, planted, told);
  }
  print_table(planted, told);
  fmt::print("{} nights of {} series; a night was judged in {:.0f} ms\n", nights, runs,
             1000 * judging_s / nights);
  return 0;
}
