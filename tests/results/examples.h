// Made-up results for the tests of this room.
#pragma once

#include <filesystem>
#include <string>

#include "harness/experiment.h"
#include "harness/result.h"

namespace bitsweep::examples {

/// A folder of its own that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Experiment experiment(const std::string& name = "resnet-precision");
Machine machine();
Run run(const std::string& model, Precision precision, int64_t batch = 1);

/// A result that ended ok, with this median latency, samples around it, two layers, a note and evidence.
Result ok(const Run& run, double latency_ns);
/// The same with a further metric.
Result with(Result result, const std::string& metric, double value, const std::string& unit,
            Direction direction);
/// A result that did not end ok.
Result not_ok(const Run& run, Outcome outcome, const std::string& reason);

/// Fills a database: two sessions of "resnet-precision", the later one with three models in three precisions,
/// pruning, one result that is not ok and no labels but for the mlp; and one session of "night".
void fill(const std::string& path);

/// The content of tests/approved/NAME, which becomes `text` if BITSWEEP_APPROVE is set: look at the
/// difference in git then.
std::string approved(const std::string& name, const std::string& text);

}  // namespace bitsweep::examples
