// The record: one SQLite file, one durable transaction a result. Only rank 0 writes.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "harness/experiment.h"
#include "harness/result.h"
#include "results/access.h"

namespace bitsweep {

class Database;
class ResultWriter;

/// One execution of an experiment, as stored.
struct SessionRow {
  int64_t id = 0;
  std::string experiment;
  std::string spec_text;  ///< as last executed
  std::string started;    ///< UTC, ISO 8601
  int64_t planned = 0;    ///< runs
};

/// An open database. Throws Error with ExitCode::database, naming the file, when it cannot be opened, written
/// or is newer than this program.
class Store {
 public:
  using Access = bitsweep::Access;
  Store(const std::string& path, Access access);
  ~Store();

  /// The latest session of the experiment of this name, or id 0.
  SessionRow latest_session(const std::string& experiment) const;
  /// The names of all experiments, those of the latest sessions first, without what confirms others.
  std::vector<std::string> experiments() const;
  /// Begins a session and returns its id.
  ///   confirms  the session whose suspects it measures again, see night.h; 0: it stands for itself
  int64_t begin_session(const Experiment& experiment, int64_t planned_runs, int64_t confirms = 0);
  /// Notes that a session goes on, perhaps with a changed text.
  void continue_session(int64_t session, const Experiment& experiment, int64_t planned_runs);

  /// Ids of the runs that ended `ok` in the session.
  std::set<std::string> finished(int64_t session) const;

  /// Stores a result durably, in one transaction; an earlier result of the same run in the session is
  /// replaced.
  void add(int64_t session, const Result& result);
  /// The same of several in one transaction: all of them or none.
  void add(int64_t session, std::span<const Result> results);

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<ResultWriter> writer_;  ///< its statements end before the database
};

}  // namespace bitsweep
