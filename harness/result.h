// What one run leaves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/backend.h"
#include "harness/machine.h"
#include "harness/run.h"

namespace bitsweep {

enum class Outcome { ok, unsupported, inaccurate, failed, timeout, lost };
std::string to_text(Outcome outcome);
void parse_value(std::string_view text, Outcome& outcome);

enum class Direction { lower_is_better, higher_is_better, neutral };
std::string to_text(Direction direction);
void parse_value(std::string_view text, Direction& direction);

struct Metric {
  std::string name;  ///< e.g. "latency_p50"; the names and units are listed in results/README.md
  double value = 0;
  std::string unit;  ///< "ns", "images/s", "%", "dB", "bytes", ""
  Direction direction = Direction::neutral;
};

/// What ran, beyond the machine.
struct Software {
  std::string bitsweep;            ///< version and commit, "-dirty" if the tree was
  std::string build;               ///< build type and compiler
  std::vector<Library> libraries;  ///< of the backend
};
/// This program: version, commit, build type, compiler; no libraries yet.
Software this_software();

struct Result {
  Run run;
  Outcome outcome = Outcome::lost;
  std::string reason;  ///< in words; empty if ok
  std::vector<Metric> metrics;
  std::vector<int64_t> samples_ns;  ///< one a timed inference of one batch, in the order taken
  std::vector<bool> right;  ///< whether the first guess was, of each labelled image in order; those images
                            ///< are the evidence "data_hash"
  std::vector<LayerRecord> layers;
  std::vector<std::string> notes;               ///< what a reader of the numbers must know
  std::vector<std::string> explanation;         ///< why it is as fast as it is, see explanation.h
  std::map<std::string, std::string> evidence;  ///< e.g. "weights_hash", "data_hash", "stopped_by", "output"
  Machine machine;
  Software software;
  std::string started;  ///< UTC, ISO 8601
  double seconds = 0;   ///< wall time of the whole run
};

/// The value of that name; null if the result has none.
const Metric* find_metric(const Result& result, std::string_view name);

void add_metric(Result& result, const std::string& name, double value, const char* unit, Direction direction);

void to_json(nlohmann::json& json, const Result& result);
void from_json(const nlohmann::json& json, Result& result);
void to_json(nlohmann::json& json, const Run& run);
void from_json(const nlohmann::json& json, Run& run);

}  // namespace bitsweep
