// One fully decided point of a sweep, and the one list of its fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitsweep {

enum class Precision { fp32, tf32, bf16, fp16, int8 };

/// A row of the table of precisions.
struct PrecisionEntry {
  Precision value;
  std::string name;
  std::string meaning;
};
const std::vector<PrecisionEntry>& precisions();

/// What is removed from the weights before the network is prepared. Text: "none" or "METHOD:RATIO".
struct Pruning {
  std::string method = "none";  ///< an entry of pruning_methods()
  double ratio = 0;             ///< share of the weights removed, 0 <= ratio < 1

  bool operator==(const Pruning&) const = default;
};

/// More threads than any machine of today has cores; OpenMP dies where it cannot start as many as asked for.
inline constexpr int most_threads = 1024;

/// OpenMP threads of a stream. Text: a number, or "physical" for one a physical core of the worker's core
/// set, divided among the streams.
struct Threads {
  int count = 0;  ///< 0: physical

  bool operator==(const Threads&) const = default;
};

/// What the caches hold when an inference begins.
enum class Caches {
  warm,  ///< what the inference before left, as in a server that does nothing else
  cold,  ///< nothing of the network: its weights come from memory, as in a program that infers now and then
};

/// A row of the table of cache states.
struct CachesEntry {
  Caches value;
  std::string name;
  std::string meaning;
};
const std::vector<CachesEntry>& cache_states();

/// Equal runs are the same measurement. Every field has a default, so that a field added later leaves the ids
/// of older runs as they are.
struct Run {
  std::string model;  ///< an entry of models(), with its argument if there is one: NAME[:ARGUMENT]
  std::string backend = "onednn";  ///< an entry of backends()
  Precision precision = Precision::fp32;
  Pruning pruning;
  int64_t batch = 1;                  ///< images an inference
  std::string dataset = "synthetic";  ///< an entry of datasets()
  std::string checkpoint = "auto";    ///< "auto": the shipped one of model and dataset, else seeded weights
  Threads threads;
  int64_t streams = 1;  ///< sessions that infer at once, each as soon as its last inference is done
  Caches caches = Caches::warm;
  std::string calibration = "minmax";  ///< an entry of calibration_methods(); used by int8 only
  int64_t seed = 1;                    ///< of seeded weights and synthetic data

  bool operator==(const Run&) const = default;
};

/// Calls visit(name, member, meaning) for each field, in the order of headings. This is the only list of the
/// fields: YAML keys, ids, SQL columns, messages, filters and headings all come from it.
template <class RunOrConstRun, class Visit>
void for_each_field(RunOrConstRun& run, Visit&& visit) {
  visit("model", run.model, "network: NAME or NAME:ARGUMENT, see `bitsweep list models`");
  visit("backend", run.backend, "engine that executes the network");
  visit("precision", run.precision, "number format of weights and activations");
  visit("pruning", run.pruning, "weights removed: none, or {method, ratio}");
  visit("batch", run.batch, "images an inference");
  visit("dataset", run.dataset, "what is fed, and the labels if there are any");
  visit("checkpoint", run.checkpoint, "weights: auto, seeded, or a safetensors file");
  visit("threads", run.threads, "OpenMP threads a stream: a number, or physical (one a physical core)");
  visit("streams", run.streams, "sessions that infer at once; throughput only where there are several");
  visit("caches", run.caches, "what the caches hold when an inference begins: warm or cold");
  visit("calibration", run.calibration, "how activation ranges are chosen for int8");
  visit("seed", run.seed, "seed of seeded weights and synthetic data");
}

/// Field values as text and back. parse_value throws Error with what would be right; `what` is the name of
/// the field there.
std::string to_text(const std::string& value);
std::string to_text(int64_t value);
std::string to_text(Precision value);
std::string to_text(const Pruning& value);
std::string to_text(const Threads& value);
std::string to_text(Caches value);
void parse_value(std::string_view what, std::string_view text, std::string& value);
void parse_value(std::string_view what, std::string_view text, int64_t& value);
void parse_value(std::string_view what, std::string_view text, Precision& value);
void parse_value(std::string_view what, std::string_view text, Pruning& value);
void parse_value(std::string_view what, std::string_view text, Threads& value);
void parse_value(std::string_view what, std::string_view text, Caches& value);

/// The names of all fields, in order.
const std::vector<std::string>& field_names();

/// All fields as text, in order.
std::vector<std::string> field_texts(const Run& run);

/// One field as text, or set from text; throws Error for an unknown field or a value that does not fit it.
std::string field(const Run& run, std::string_view name);
void set_field(Run& run, std::string_view name, std::string_view text);

/// "model=mlp precision=int8 batch=16": the fields that differ from their default, in order. Needs no quoting
/// rules: it is for reading and hashing; runs are stored field by field.
std::string canonical_text(const Run& run);

/// 12 hexadecimal digits of XXH3 (64 bits) of the canonical text.
std::string run_id(const Run& run);

}  // namespace bitsweep
