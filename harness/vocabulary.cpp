#include "harness/vocabulary.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/checkpoints.h"
#include "harness/compression/quantization.h"
#include "harness/datasets/datasets.h"
#include "harness/models/models.h"
#include "harness/run.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

void check_name(std::string_view field, std::string_view text, const std::vector<std::string>& known) {
  if (!known.empty() && std::find(known.begin(), known.end(), text) == known.end())
    throw Error(unknown_name(field, text, known));
}

}  // namespace

std::vector<std::string> known_names(std::string_view field, const Vocabulary& vocabulary) {
  if (field == "model") return names_of(models());
  if (field == "backend") return vocabulary.backends;
  if (field == "precision") return names_of(precisions());
  if (field == "caches") return names_of(cache_states());
  if (field == "dataset") return names_of(datasets());
  if (field == "calibration") return names_of(calibration_methods());
  return {};
}

std::string checked_value(std::string_view field_name, std::string_view text, const Vocabulary& vocabulary) {
  Run run;
  set_field(run, field_name, text);
  if (field_name == "model")
    find_model(text);
  else if (field_name == "checkpoint")
    check_checkpoint(text);
  else
    check_name(field_name, text, known_names(field_name, vocabulary));
  return field(run, field_name);
}

const std::vector<Allowance>& allowances() {
  static const std::vector<Allowance> table = {
      {"fallback", "a layer in code of the engine that is there to be right, not fast"},
      {"emulation", "a precision that the CPU lacks, computed with other instructions"},
  };
  return table;
}

const std::vector<GateMetric>& gate_metrics() {
  static const std::vector<GateMetric> table = {
      {"latency_p50", "median time of an inference of one batch", false},
      {"latency_p90", "time that 90 % of the inferences do not exceed", false},
      {"latency_p99", "time that 99 % of the inferences do not exceed", false},
      {"latency_p999", "time that 99.9 % of the inferences do not exceed", false},
      {"latency_mean", "mean time of an inference", false},
      {"latency_min", "shortest inference", false},
      {"throughput", "images a second", false},
      {"speedup", "speed over that of the unpruned fp32 run of the same block", false},
      {"load_time", "time to build the network with its weights", false},
      {"calibration_time", "time to choose the activation ranges for int8", false},
      {"prepare_time", "time to make a session ready", false},
      {"prepare_again_time", "time to make it ready once more: the engine has its kernels already", false},
      {"first_inference", "time of the first inference of a session", false},
      {"top1", "share of the images whose label is the first guess", true},
      {"top1_low", "lower end of the 95 % interval of top1", true},
      {"top1_high", "upper end of the 95 % interval of top1", true},
      {"top5", "share of the images whose label is among the first five guesses", true},
      {"top5_low", "lower end of the 95 % interval of top5", true},
      {"top5_high", "upper end of the 95 % interval of top5", true},
      {"top1_agreement", "share of the images with the same first guess as the judge", true},
      {"sqnr", "signal to quantisation noise against the judge, in dB", false},
      {"cosine", "cosine between the outputs and those of the judge", false},
      {"max_error", "largest absolute difference to the outputs of the judge", false},
      {"dense_sqnr", "as sqnr, against the network before pruning", false},
      {"dense_top1_agreement", "as top1_agreement, against the network before pruning", true},
      {"weight_bytes", "bytes of the packed weights", false},
      {"activation_bytes", "bytes of the activations that a session holds", false},
  };
  return table;
}

}  // namespace bitsweep
