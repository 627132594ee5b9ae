#include "harness/cli/run.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backends/backends.h"
#include "harness/cli/database_option.h"
#include "harness/cli/progress.h"
#include "harness/cli/verbs.h"
#include "harness/cluster.h"
#include "harness/experiment.h"
#include "harness/plan.h"
#include "harness/table.h"
#include "results/store.h"

namespace bitsweep {
namespace {

/// Everything that is decided before the first block is handed out.
struct Job {
  Experiment experiment;
  std::vector<Block> blocks;
  std::unique_ptr<Store> store;
  int64_t session = 0;
  std::set<std::string> finished;  ///< ids of runs that need not be done
};

/// Leaves only the runs asked for; throws Error if one is not in the plan.
void restrict_to(std::vector<Block>& blocks, const std::vector<std::string>& only) {
  std::vector<std::string> known;
  for (const Block& block : blocks)
    for (const Run& run : block.runs) known.push_back(run_id(run));
  for (const std::string& id : only)
    if (std::find(known.begin(), known.end(), id) == known.end())
      throw Error(
          fmt::format("--only {}: no run of this experiment has this id; `bitsweep plan` lists them", id));
  for (Block& block : blocks)
    std::erase_if(block.runs, [&](const Run& run) {
      return std::find(only.begin(), only.end(), run_id(run)) == only.end();
    });
  std::erase_if(blocks, [](const Block& block) { return block.runs.empty(); });
}

/// Opens the session: the latest one of this experiment goes on, unless there is none or a new one is wanted.
void open_session(Job& job, const RunOptions& options, int64_t planned) {
  const SessionRow latest = job.store->latest_session(job.experiment.name);
  if (latest.id == 0 || options.fresh) {
    job.session = job.store->begin_session(job.experiment, planned, options.confirms);
    return;
  }
  job.session = latest.id;
  job.finished = job.store->finished(latest.id);
  if (latest.spec_text != job.experiment.text)
    fmt::print(stderr,
               "{}: changed since session {} began; its finished runs stay as they were measured (--new "
               "measures all again)\n",
               options.file, latest.id);
  job.store->continue_session(latest.id, job.experiment, planned);
}

Job prepare_job(const RunOptions& options) {
  Job job;
  job.experiment = read_experiment(options.file, {names_of(backends())});
  job.blocks = expand(job.experiment);
  if (job.blocks.empty())
    throw Error(fmt::format("{}: the plan is empty; there is nothing to run", options.file),
                ExitCode::nothing_run);
  auto planned = static_cast<int64_t>(run_count(job.blocks));
  if (!options.only.empty()) restrict_to(job.blocks, options.only);
  if (options.confirms != 0) {
    job.experiment.name = confirming_experiment(job.experiment.name);
    planned = static_cast<int64_t>(run_count(job.blocks));
  }
  job.store = std::make_unique<Store>(options.database, Store::Access::read_write);
  open_session(job, options, planned);
  if (!options.only.empty()) job.finished.clear();
  return job;
}

/// Runs of the plan that need not be done.
size_t finished_in_plan(const Job& job) {
  size_t count = 0;
  for (const Block& block : job.blocks)
    count += static_cast<size_t>(std::count_if(block.runs.begin(), block.runs.end(), [&](const Run& run) {
      return job.finished.contains(run_id(run));
    }));
  return count;
}

ExitCode carry_out(Cluster& cluster, Job& job, const RunOptions& options) {
  const size_t total = run_count(job.blocks), finished_before = finished_in_plan(job);
  Queue queue(job.blocks, job.experiment.measure, job.experiment.limits, job.finished);
  fmt::print(stderr, "{}: session {}, {} runs in {} blocks, {} finished before\n", job.experiment.name,
             job.session, total, job.blocks.size(), finished_before);
  Progress progress(stderr, total, finished_before);
  std::map<std::string, size_t> outcomes;
  cluster.lead(queue,
               {[&](const std::string& worker, const Order& order) { progress.started(worker, order); },
                [&](const std::string& worker, const Result& result) {
                  job.store->add(job.session, result);
                  progress.finished(worker, result);
                  ++outcomes[to_text(result.outcome)];
                }});
  progress.end();
  if (finished_before == total) {
    fmt::print(stderr, "all {} runs are ok in session {}; --new measures them again\n", total, job.session);
    return ExitCode::fine;
  }
  std::string summary;
  for (const auto& [outcome, count] : outcomes)
    summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", count, outcome);
  fmt::print(stderr, "{}; stored in {}\n", summary, options.database);
  const bool fine = std::all_of(outcomes.begin(), outcomes.end(), [](const auto& entry) {
    return entry.first == "ok" || entry.first == "unsupported";
  });
  return fine ? ExitCode::fine : ExitCode::runs_failed;
}

}  // namespace

std::string confirming_experiment(const std::string& experiment) {
  return "confirm:" + experiment;
}

Carried run_experiment(Cluster& cluster, const RunOptions& options) {
  Job job;
  if (cluster.leads()) {
    try {
      job = prepare_job(options);
    } catch (...) {
      if (!cluster.alone()) cluster.dismiss();
      throw;
    }
  }
  try {
    if (cluster.leads()) return {carry_out(cluster, job, options), true, job.experiment, job.session};
    cluster.work();
    return {};
  } catch (const std::exception& fault) {
    if (cluster.alone()) throw;
    fmt::print(stderr, "bitsweep: {}\n", fault.what());  // abandoning leaves no time to do so later
    const auto* error = dynamic_cast<const Error*>(&fault);
    cluster.abandon(static_cast<int>(error != nullptr ? error->code() : ExitCode::usage));
    throw;
  }
}

Action define_run(CLI::App& verb) {
  const auto options = std::make_shared<RunOptions>();
  verb.add_option("file", options->file, "Experiment (YAML)")->required();
  add_database_option(verb, options->database);
  auto* only = verb.add_option("--only", options->only,
                               "Measure only the runs of these ids (again); their results are replaced")
                   ->delimiter(',')
                   ->allow_extra_args(false);
  verb.add_flag("--new", options->fresh, "Begin a new session instead of finishing the latest one")
      ->excludes(only);
  return [options] {
    Cluster cluster;
    return run_experiment(cluster, *options).code;
  };
}

}  // namespace bitsweep
