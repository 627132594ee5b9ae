#include "results/site/site.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <xxhash.h>

#include "harness/error.h"
#include "harness/run.h"
#include "results/database.h"
#include "results/page.h"
#include "results/site/curve.h"
#include "results/site/feed.h"
#include "results/site/folder.h"
#include "results/site/histories.h"
#include "results/site/memory.h"
#include "results/site/new_results.h"
#include "results/site/newest_result.h"
#include "results/site/objects.h"
#include "results/site/pages.h"
#include "results/statements.h"

namespace bitsweep {
namespace {

constexpr size_t most_recent = 30;  // values of the small charts in tables
const std::vector<const char*> assets = {"site.css",    "chart.min.js",   "theme.js",    "words.js",
                                         "charts.js",   "trends.js",      "evidence.js", "findings.js",
                                         "overview.js", "regressions.js", "model.js",    "machines.js"};
/// Metrics that the tables and charts of all runs show.
const std::set<std::string> summary_metrics = {
    "latency_p50",  "latency_p50_low", "latency_p50_high", "throughput",
    "top1",         "top1_low",        "top1_high",        "sqnr",
    "weight_bytes", "speedup",         "speedup_low",      "speedup_high",
    "ceiling_share"};

std::string data_file(const std::string& key) {
  return "data/" + key + ".js";
}

class SiteWriter {
 public:
  SiteWriter(SQLite::Database& sqlite, SiteFolder& folder,
             const std::map<std::string, Thresholds>& thresholds)
      : sqlite_(sqlite),
        statements_(sqlite),
        folder_(folder),
        thresholds_(thresholds),
        memory_(read_memory(folder.path())) {}

  SiteChange write() {
    read_sessions();
    const std::set<std::string> before = remembered_files();
    forget_what_no_longer_holds();
    try {
      add_new_results();
      judge_nights();
    } catch (const Outdated&) {
      forget();
      add_new_results();
      judge_nights();
    }
    write_pages();
    for (const auto& [key, summary] : memory_.series) kept_.insert(data_file(key));
    std::set<std::string> gone;
    std::set_difference(before.begin(), before.end(), kept_.begin(), kept_.end(),
                        std::inserter(gone, gone.end()));
    folder_.remove_others(gone);
    // Last: whatever stops the writing before, the next call sees these results as new.
    folder_.write("state.json", to_text(memory_));
    change_.written = folder_.written();
    change_.unchanged = folder_.unchanged();
    return change_;
  }

 private:
  /// A file of an earlier call is not as it was left.
  struct Outdated {};

  struct NewSeries {
    std::string run_id, machine_class;
    Curve curve;  ///< new points only
  };

  void read_sessions() {
    sessions_ = read_session_facts(sqlite_);
    if (sessions_.empty()) throw Error("there is no session to report; `bitsweep run` makes one");
    SQLite::Statement machines(sqlite_, "select id, class from machines");
    while (machines.executeStep())
      classes_[machines.getColumn(0).getInt64()] = machines.getColumn(1).getString();
  }

  std::set<std::string> remembered_files() const {
    std::set<std::string> files;
    for (const auto& [key, summary] : memory_.series) {
      files.insert(data_file(key));
      files.insert(model_page(summary.fields.at(0)));
    }
    return files;
  }

  void forget() {
    SiteMemory empty;
    empty.database = memory_.database;
    empty.told = std::move(memory_.told);
    memory_ = std::move(empty);
  }

  /// The memory is of this database, and no result that it knows of is gone.
  void forget_what_no_longer_holds() {
    SQLite::Statement first(sqlite_, "select identity from sessions order by id limit 1");
    first.executeStep();
    const std::string identity = first.getColumn(0).getString();
    if (memory_.database != identity) memory_ = {};
    memory_.database = identity;
    const int64_t all = statements_.number(0, "select count(*) from results");
    const int64_t added =
        statements_.number(0, "select count(*) from results where id > ?1", memory_.newest_result);
    if (all != memory_.results + added) forget();
  }

  void add_new_results() {
    change_ = {};
    change_.from_the_start = memory_.newest_result == 0;
    std::unordered_map<std::string, NewSeries> series;
    std::vector<CurveUnit> units;
    read_new_results(
        sqlite_, memory_.newest_result, units,
        [&](const std::string& run_id, const CurvePoint& point, const std::vector<double>& values) {
          ++change_.new_results;
          memory_.newest_result = point.result;
          with_new_results_.insert(sessions_.at(point.session).experiment);
          if (sessions_.at(point.session).confirms) return;
          const std::string& machine_class = classes_.at(point.machine);
          NewSeries& one = series[series_key(run_id, machine_class)];
          if (one.curve.points.empty()) one = {run_id, machine_class, {}};
          add_point(one.curve, point, values);
        });
    memory_.results += change_.new_results;
    change_.new_in_series = static_cast<int64_t>(series.size());
    std::vector<NewSeries*> all;
    for (auto& [key, one] : series) {
      one.curve.key = key;
      one.curve.units = units;
      all.push_back(&one);
    }
    constexpr size_t at_once = 256;  // texts of files in memory
    for (size_t begin = 0; begin < all.size(); begin += at_once)
      add_to_series(std::span(all).subspan(begin, std::min(at_once, all.size() - begin)));
  }

  /// What takes long is done in all threads, what touches the database or the folder in one.
  void add_to_series(std::span<NewSeries*> some) {
    std::vector<std::string> scripts(some.size());
    std::atomic<bool> outdated = false;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < some.size(); ++i) {
      Curve& curve = some[i]->curve;
      try {
        if (memory_.series.count(curve.key) > 0) put_before(curve);
      } catch (const Outdated&) {
        outdated = true;
        continue;
      }
      sort_points(curve, [this](int64_t session) { return sessions_.at(session).place; });
      find_changes(curve);
      scripts[i] = to_script(curve);
    }
    if (outdated) throw Outdated();
    for (size_t i = 0; i < some.size(); ++i) add_newest(*some[i], std::move(scripts[i]));
  }

  /// Writes the file of a series, with its newest result, and remembers the series.
  void add_newest(NewSeries& one, std::string script) {
    Curve& curve = one.curve;
    SeriesSummary& summary = memory_.series[curve.key];
    const bool is_newer = curve.points.back().result > 0;  // else an older session was merged in
    if (is_newer) summary.result = curve.points.back().result;
    summary.key = curve.key;
    summary.run_id = one.run_id;
    summary.machine_class = one.machine_class;
    summary.results = static_cast<int64_t>(curve.points.size());
    const NewestResult newest = newest_result(statements_, summary.result);
    summarize(newest, summary);
    summarize(curve, summary);
    script += fmt::format("bitsweep.newest(\"{}\", {});\n", curve.key, newest.text);
    folder_.write(data_file(curve.key), script);
    curves_[curve.key] = std::move(curve);
  }

  /// What the file of the series holds already, before the new points.
  void put_before(Curve& curve) const {
    Curve earlier = kept_curve(curve.key);
    append(earlier, curve);
    std::swap(earlier, curve);
    std::swap(earlier.units, curve.units);
    for (size_t i = 0; i < curve.units.size(); ++i)
      if (curve.units[i].unit.empty()) curve.units[i] = earlier.units[i];
  }

  /// The curve that the file of the series holds.
  Curve kept_curve(const std::string& key) const {
    const std::string script = content_of(folder_.path() / data_file(key));
    try {
      Curve curve = read_curve(std::string_view(script).substr(0, script.find('\n') + 1));
      if (static_cast<int64_t>(curve.points.size()) == memory_.series.at(key).results) return curve;
    } catch (const std::exception&) {
    }
    throw Outdated();
  }

  /// See KeptHistories.
  void each_history(int64_t session, const std::string& started, const KeptHistories::Take& take) {
    const Accepted accepted = read_accepted(sqlite_, sessions_, started);
    SQLite::Statement found(
        sqlite_, "select run, machine from results where session = ? and outcome = 'ok' order by run");
    found.bind(1, session);
    while (found.executeStep()) {
      const std::string key =
          series_key(found.getColumn(0).getString(), classes_.at(found.getColumn(1).getInt64()));
      const auto known = curves_.find(key);
      take_histories(known == curves_.end() ? kept_curve(key) : known->second, memory_.series.at(key),
                     sessions_, session, accepted, take);
    }
  }

  /// What decides a verdict beside the results.
  std::string basis_of(const std::string& experiment, const Thresholds& thresholds) {
    nlohmann::json basis = objects(statements_, "select * from accepted order by id");
    const auto latest =
        std::max_element(sessions_.begin(), sessions_.end(), [&](const auto& one, const auto& other) {
          const auto place = [&](const SessionFact& fact) {
            return fact.experiment == experiment ? fact.place + 1 : 0;
          };
          return place(one.second) < place(other.second);
        });
    basis.push_back(
        objects(statements_, "select id, planned from executions where session = ?1", latest->first));
    basis.push_back(
        statements_.number(0,
                           "select count(*) from results where session in (select id from sessions where "
                           "confirms = (select identity from sessions where id = ?1) and confirms <> '')",
                           latest->first));
    for (const auto& [metric, threshold] : thresholds)
      basis.push_back({metric, threshold.value, threshold.points});
    const std::string text = dumped(basis);
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
  }

  void judge_nights() {
    KeptHistories kept;
    for (const CurveMetric& metric : curve_metrics()) kept.metrics.insert(metric.name);
    kept.each = [this](int64_t session, const std::string& started, const auto& take) {
      each_history(session, started, take);
    };
    for (const auto& [experiment, thresholds] : thresholds_) {
      ShownNight& shown = memory_.nights[experiment];
      const std::string basis = basis_of(experiment, thresholds);
      if (shown.basis == basis && with_new_results_.count(experiment) == 0) continue;
      const Night night = judge_night(sqlite_, experiment, 0, thresholds, kept);
      take_note(night, memory_);
      shown = {basis, night_data(memory_, night)};
    }
  }

  static void summarize(const NewestResult& newest, SeriesSummary& summary) {
    const nlohmann::json& facts = newest.facts;
    summary.run = facts.at("canonical");
    summary.fields.clear();
    for (const std::string& name : field_names()) {
      const nlohmann::json& field = facts.at(name);
      summary.fields.push_back(field.is_string() ? field.get<std::string>() : field.dump());
    }
    summary.session = facts.at("session");
    summary.machine = facts.at("machine");
    summary.software = facts.at("software");
    summary.outcome = facts.at("outcome");
    summary.reason = facts.at("reason");
    summary.metrics.clear();
    for (const auto& [name, value] : newest.metrics)
      if (summary_metrics.count(name) > 0) summary.metrics[name] = value;
  }

  /// Recent values and the last change, of the latency or else the throughput.
  static void summarize(const Curve& curve, SeriesSummary& summary) {
    summary.recent.clear();
    for (const char* name : {"latency_p50", "throughput"}) {
      const size_t column = curve_column(name);
      for (const double value : curve.values[column])
        if (std::isfinite(value)) summary.recent.push_back(value);
      if (summary.recent.empty()) continue;
      if (summary.recent.size() > most_recent)
        summary.recent.erase(summary.recent.begin(), summary.recent.end() - static_cast<long>(most_recent));
      const std::vector<CurveChange>& changes = curve.changes[column];
      summary.change_session = changes.empty() ? 0 : curve.points[changes.back().point].session;
      summary.change_before = changes.empty() ? 0 : changes.back().before;
      summary.change_after = changes.empty() ? 0 : changes.back().after;
      return;
    }
  }

  void write_page(const std::string& file, const std::string& name, const nlohmann::json& data) {
    kept_.insert(file);
    folder_.write(file, page_text(name, data));
  }

  void write_pages() {
    for (const char* asset : assets) folder_.write(fmt::format("assets/{}", asset), page::text(asset));
    folder_.write("data/circumstances.js", circumstances_script(statements_));
    write_page("index.html", "overview", overview_data(statements_, memory_));
    write_page("regressions.html", "regressions", regressions_data(memory_));
    write_page("machines.html", "machines", machines_data(statements_, memory_));
    for (const auto& [model, data] : models_data(memory_)) write_page(model_page(model), "model", data);
    folder_.write("feed.atom", atom_feed(memory_.told, memory_.database));
  }

  SQLite::Database& sqlite_;
  Statements statements_;
  SiteFolder& folder_;
  const std::map<std::string, Thresholds>& thresholds_;
  SiteMemory memory_;
  SiteChange change_;
  SessionFacts sessions_;
  std::unordered_map<std::string, Curve> curves_;  ///< those with new results, by key
  std::set<std::string> with_new_results_;         ///< experiments
  std::map<int64_t, std::string> classes_;         ///< of machines, by their id
  std::set<std::string> kept_;                     ///< files that belong to the site
};

}  // namespace

SiteChange write_site(const std::string& database, const std::filesystem::path& folder,
                      const std::map<std::string, Thresholds>& thresholds) {
  SiteFolder site(folder);
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    // One state of the database for all that is read, also while others write to it.
    const SQLite::Transaction transaction(sqlite);
    return SiteWriter(sqlite, site, thresholds).write();
  });
}

}  // namespace bitsweep
