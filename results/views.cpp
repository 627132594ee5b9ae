#include "results/views.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/run.h"

namespace bitsweep {
namespace {

/// What the overview shows of the metrics; all of them are in the table metrics.
const std::vector<std::string>& main_metrics() {
  static const std::vector<std::string> names = {"latency_p50",
                                                 "latency_p90",
                                                 "latency_p99",
                                                 "latency_p999",
                                                 "throughput",
                                                 "top1",
                                                 "top5",
                                                 "sqnr",
                                                 "cosine",
                                                 "top1_agreement",
                                                 "max_error",
                                                 "prepare_time",
                                                 "first_inference",
                                                 "parameters",
                                                 "nonzeros",
                                                 "weight_bytes",
                                                 "activation_bytes",
                                                 "macs"};
  return names;
}

/// A metric of the result whose row is `result`. The names are looked up once a statement.
std::string metric(const std::string& result, const std::string& name) {
  return fmt::format(
      "(select value from metric_values where result = {} and metric in (select id from metric_names where "
      "name = '{}'))",
      result, name);
}

/// The median of a result's baseline, for results that were stored without a speed-up of their own.
/// `but_calibration`: calibration does nothing to fp32, so where a sweep left out the fp32 run of a
/// calibration method, that of another method serves.
std::string baseline(bool but_calibration) {
  std::string same_fields;
  for (const std::string& field : field_names())
    if (field != "precision" && field != "pruning" && !(but_calibration && field == "calibration"))
      same_fields += fmt::format(" and dense.{0} = own.{0}", field);
  return fmt::format(R"sql(
    (select {}
       from results as other
       join runs as dense on dense.id = other.run
       join machines as its on its.id = other.machine
      where other.session = results.session and other.outcome = 'ok'
        and (select value from evidence where result = other.id and name = 'measured_together')
            is (select value from evidence where result = results.id and name = 'measured_together')
        and dense.precision = 'fp32' and dense.pruning = 'none' and its.class = machines.class{}
      limit 1))sql",
                     metric("other.id", "latency_p50"), same_fields);
}

std::string speedups() {
  return fmt::format(R"sql(
create view speedups as
select results.id as result,
       coalesce({}, coalesce({}, {}) / {}) as speedup,
       {} as low,
       {} as high
  from results
  join runs as own on own.id = results.run
  join machines on machines.id = results.machine
 where results.outcome = 'ok')sql",
                     metric("results.id", "speedup"), baseline(false), baseline(true),
                     metric("results.id", "latency_p50"), metric("results.id", "speedup_low"),
                     metric("results.id", "speedup_high"));
}

std::string overview() {
  std::string fields;
  for (const std::string& field : field_names()) fields += fmt::format("runs.{}, ", field);
  std::string metrics;
  for (const std::string& name : main_metrics())
    metrics += fmt::format("{} as {}, ", metric("results.id", name), name);
  return fmt::format(R"sql(
create view overview as
select sessions.experiment, results.session, {}results.outcome, results.reason, {}
       (select speedup from speedups where speedups.result = results.id) as speedup,
       (select low from speedups where speedups.result = results.id) as speedup_low,
       (select high from speedups where speedups.result = results.id) as speedup_high,
       machines.host, machines.cpu, machines.class as machine, software.bitsweep,
       results.started, results.seconds, runs.id
  from results
  join sessions on sessions.id = results.session
  join runs on runs.id = results.run
  join machines on machines.id = results.machine
  join software on software.id = results.software)sql",
                     fields, metrics);
}

constexpr const char* parts_of_results = R"sql(
create view metrics as
select metric_values.result, metric_names.name, metric_values.value, metric_names.unit, metric_names.direction
  from metric_values join metric_names on metric_names.id = metric_values.metric;

create view layers as
select result, position, name, kind, implementation, data_types, time_ns, macs, bytes, isa, layouts, bound_ns,
       memory_bound
  from step_times join steps on steps.id = step_times.step;

create view samples as
select result, key as position, value as ns from sample_lists, json_each(sample_lists.samples_ns);

create view series as
select distinct results.run, machines.class as machine_class, metric_names.name as metric
  from results
  join machines on machines.id = results.machine
  join metric_values on metric_values.result = results.id
  join metric_names on metric_names.id = metric_values.metric)sql";

}  // namespace

void create_views(SQLite::Database& sqlite) {
  sqlite.exec(parts_of_results);
  sqlite.exec(speedups());
  sqlite.exec(overview());
}

void drop_views(SQLite::Database& sqlite) {
  SQLite::Statement found(sqlite, "select name from sqlite_schema where type = 'view'");
  std::vector<std::string> views;
  while (found.executeStep()) views.push_back(found.getColumn(0).getString());
  for (const std::string& view : views) sqlite.exec(fmt::format("drop view \"{}\"", view));
}

}  // namespace bitsweep
