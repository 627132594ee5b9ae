// A result becomes rows.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/result.h"
#include "results/statements.h"

namespace bitsweep {

/// Writes results, within transactions of the caller. Remembers the ids of what results share (machine,
/// software, metrics, steps of engines), as long as nobody else writes to the file.
class ResultWriter {
 public:
  explicit ResultWriter(SQLite::Database& sqlite) : statements_(sqlite) {}

  /// Adds a result; an earlier result of the same run in the session is replaced.
  void add(int64_t session, const Result& result);

  /// To be called at the beginning of a transaction: drops what others may have changed.
  void look_again();
  /// To be called after a transaction that failed.
  void forget();

 private:
  void add_run(const Run& run, const std::string& id);
  int64_t machine_row(const Machine& machine);
  int64_t software_row(const Software& software);
  int64_t metric_row(const Metric& metric);
  int64_t step_row(const LayerRecord& layer);
  void add_metrics(int64_t row, const std::vector<Metric>& metrics);
  void add_samples(int64_t row, const std::vector<int64_t>& samples_ns);
  void add_answers(int64_t row, const std::vector<bool>& right);
  void add_layers(int64_t row, const std::vector<LayerRecord>& layers);
  void add_words(int64_t row, const Result& result);

  Statements statements_;
  int64_t data_version_ = -1;
  std::vector<std::pair<Machine, int64_t>> machines_;
  std::unordered_map<std::string, int64_t> software_, metrics_, steps_;  ///< by all that they hold
};

}  // namespace bitsweep
