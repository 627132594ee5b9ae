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

/// The median of a result's baseline, for results that were stored without a speed-up of their own.
/// `but_calibration`: calibration does nothing to fp32, so where a sweep left out the fp32 run of a
/// calibration method, that of another method serves.
std::string baseline(bool but_calibration) {
  std::string same_fields;
  for (const std::string& field : field_names())
    if (field != "precision" && field != "pruning" && !(but_calibration && field == "calibration"))
      same_fields += fmt::format(" and dense.{0} = own.{0}", field);
  return fmt::format(R"sql(
    (select median.value
       from results as other
       join runs as dense on dense.id = other.run
       join machines as its on its.id = other.machine
       join metrics as median on median.result = other.id and median.name = 'latency_p50'
      where other.session = results.session and other.outcome = 'ok'
        and (select value from evidence where result = other.id and name = 'measured_together')
            is (select value from evidence where result = results.id and name = 'measured_together')
        and dense.precision = 'fp32' and dense.pruning = 'none' and its.class = machines.class{}
      limit 1))sql",
                     same_fields);
}

std::string speedups() {
  return fmt::format(R"sql(
create view speedups as
select results.id as result,
       coalesce((select value from metrics where result = results.id and name = 'speedup'),
                coalesce({}, {}) / metrics.value) as speedup,
       (select value from metrics where result = results.id and name = 'speedup_low') as low,
       (select value from metrics where result = results.id and name = 'speedup_high') as high
  from results
  join runs as own on own.id = results.run
  join machines on machines.id = results.machine
  left join metrics on metrics.result = results.id and metrics.name = 'latency_p50'
 where results.outcome = 'ok')sql",
                     baseline(false), baseline(true));
}

std::string overview() {
  std::string fields;
  for (const std::string& field : field_names()) fields += fmt::format("runs.{}, ", field);
  std::string metrics;
  for (const std::string& name : main_metrics())
    metrics += fmt::format(
        "(select value from metrics where metrics.result = results.id and metrics.name = '{0}') as {0}, ",
        name);
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

}  // namespace

void create_views(SQLite::Database& sqlite) {
  sqlite.exec(speedups());
  sqlite.exec(
      "create view samples as "
      "select result, key as position, value as ns from sample_lists, json_each(sample_lists.samples_ns)");
  sqlite.exec(overview());
}

void drop_views(SQLite::Database& sqlite) {
  for (const char* view : {"overview", "samples", "speedups"})
    sqlite.exec(fmt::format("drop view if exists {}", view));
}

}  // namespace bitsweep
