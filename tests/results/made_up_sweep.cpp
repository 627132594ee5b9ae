#include "tests/results/made_up_sweep.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/statistics.h"
#include "harness/table.h"
#include "results/store.h"
#include "tests/results/examples.h"

namespace bitsweep::examples {
namespace {

struct Model {
  const char* name;
  double fp32_ns;  ///< batch 1
  int layers;
  int64_t parameters;
  int64_t macs;
};

const std::vector<Model> models = {{"mlp", 9400, 3, 109386, 109184},
                                   {"resnet18", 19.4e6, 31, 11689512, 1814073344},
                                   {"resnet50", 43.7e6, 72, 25557032, 4089184256},
                                   {"vgg16", 152e6, 21, 138357544, 15470264320}};

double speed(Precision precision) {
  return precision == Precision::int8 ? 4.3 : precision == Precision::bf16 ? 2.4 : 1;
}

/// Around the median: a narrow core, a long tail, and a few interruptions.
std::vector<int64_t> samples(double median, size_t count, std::mt19937& random) {
  std::lognormal_distribution<double> jitter(0, 0.006);
  std::exponential_distribution<double> tail(60);
  std::vector<int64_t> list;
  for (size_t i = 0; i < count; ++i)
    list.push_back(
        static_cast<int64_t>(median * (jitter(random) + 0.3 * tail(random) + (i % 97 == 50 ? 0.4 : 0))));
  return list;
}

std::vector<LayerRecord> layers(const Model& model, const Run& run, double latency_ns) {
  const bool int8 = run.precision == Precision::int8;
  const std::string isa = int8                               ? "avx512_core_amx_int8"
                          : run.precision == Precision::bf16 ? "avx512_core_amx_bf16"
                                                             : "avx512_core";
  const std::string types = int8                               ? "u8:s8:u8"
                            : run.precision == Precision::bf16 ? "bf16:bf16:bf16"
                                                               : "f32:f32:f32";
  std::vector<LayerRecord> list = {{"input", "reorder", "jit:uni",
                                    "f32:-:" + types.substr(types.rfind(':') + 1), latency_ns * 0.02, 0,
                                    602112 * run.batch}};
  for (int i = 0; i < model.layers; ++i) {
    const double share = 0.98 * (1 + (i * 7) % 5) / (3.0 * model.layers);
    list.push_back({"layer" + std::to_string(1 + i / 8) + "." + std::to_string(i % 8) + ".conv",
                    "convolution", "brgconv:" + isa, types, latency_ns * share,
                    model.macs * run.batch / model.layers,
                    model.parameters / model.layers * (int8 ? 1 : 4) + 401408 * run.batch});
  }
  return list;
}

void add_times(Result& result) {
  const auto& ns = result.samples_ns;
  const auto time = [&](const char* name, double value) {
    result.metrics.push_back({name, value, "ns", Direction::lower_is_better});
  };
  const Interval interval = median_interval(std::vector<double>(ns.begin(), ns.end()));
  time("latency_p50", median(ns));
  time("latency_p50_low", interval.low);
  time("latency_p50_high", interval.high);
  time("latency_min", static_cast<double>(*std::min_element(ns.begin(), ns.end())));
  time("latency_p90", percentile(ns, 0.9));
  time("prepare_time", 31 * median(ns) + 2e7);
  time("first_inference", 3.1 * median(ns));
  result.metrics.push_back({"throughput", 1e9 * static_cast<double>(result.run.batch) / median(ns),
                            "images/s", Direction::higher_is_better});
}

void add_accuracy(Result& result, const Model& model) {
  const bool int8 = result.run.precision == Precision::int8, fp32 = result.run.precision == Precision::fp32;
  const bool pruned = result.run.pruning.method != "none";
  const auto higher = Direction::higher_is_better;
  if (std::string(model.name) == "mlp")
    result.metrics.push_back({"top1", (int8 ? 97.69 : 97.81) - (pruned ? 0.85 : 0), "%", higher});
  result.metrics.push_back({"sqnr", fp32 ? 121.4 : int8 ? 29.7 + model.layers * 0.03 : 46.2, "dB", higher});
  result.metrics.push_back({"top1_agreement", fp32 ? 100 : int8 ? 98.4 : 99.6, "%", higher});
  result.metrics.push_back({"cosine", int8 ? 0.99946 : 0.999988, "", higher});
  result.metrics.push_back({"max_error", int8 ? 0.0413 : 0.0021, "", Direction::lower_is_better});
  const auto parameters = static_cast<double>(model.parameters);
  result.metrics.push_back({"parameters", parameters, "", Direction::neutral});
  result.metrics.push_back({"nonzeros", parameters * (pruned ? 0.5 : 1), "", Direction::neutral});
  result.metrics.push_back({"weight_bytes",
                            parameters * (int8   ? 1.01
                                          : fp32 ? 4
                                                 : 2),
                            "bytes", Direction::lower_is_better});
  result.metrics.push_back(
      {"macs", static_cast<double>(model.macs * result.run.batch), "", Direction::neutral});
}

bool is_baseline(const Run& run) {
  return run.precision == Precision::fp32 && run.pruning.method == "none";
}

/// What the measurement tells beside the times.
void add_circumstances(Result& result, const Model& model, double latency_ns, std::mt19937& random) {
  const auto metric = [&](const char* name, double value, const char* unit, Direction direction) {
    result.metrics.push_back({name, value, unit, direction});
  };
  std::uniform_real_distribution<double> share(0, 100);
  metric("load_time", 3.1e7 + model.fp32_ns, "ns", Direction::lower_is_better);
  metric("latency_mean", latency_ns * 1.01, "ns", Direction::lower_is_better);
  metric("activation_bytes", 602112.0 * static_cast<double>(result.run.batch), "bytes",
         Direction::lower_is_better);
  metric("zero_share", 100 * result.run.pruning.ratio, "%", Direction::neutral);
  metric("ceiling_share", share(random), "%", Direction::higher_is_better);
  metric("memory_bound_share", share(random), "%", Direction::neutral);
  metric("reorder_share", 2, "%", Direction::neutral);
  metric("layers_coverage", 98.7, "%", Direction::neutral);
  metric("page_faults", 0, "", Direction::lower_is_better);
  metric("involuntary_switches", 0.01, "", Direction::lower_is_better);
  result.explanation = {fmt::format("{:.1f} % of the time is spent in layers bound by memory", share(random)),
                        fmt::format("layer1.0.conv reaches {:.1f} % of the ceiling", share(random))};
  const std::string outputs = fmt::format("{:08x}{:08x}", random(), random());
  result.evidence = {{"weights", "seeded, seed 1"},
                     {"weights_hash", "bcea90344d230c0c6086a34a1484473d"},
                     {"data_hash", "8c1d6a0a9d5e4f27"},
                     {"normalisation", "none: mean 0, sd about 1"},
                     {"stopped_by", "precise"},
                     {"clock", "hidden by the machine"},
                     {"denormals", "flushed in 2 of 2 threads"},
                     {"inputs", "22080 batches in turn, 66 MiB"},
                     {"judged_images", "16"},
                     {"other_load", fmt::format("{:.2f} %", share(random) / 50)},
                     {"places", "8 in memory, from slice to slice in turn"},
                     {"rounds", std::to_string(40 + random() % 100)},
                     {"scored_outputs", outputs},
                     {"timed_outputs", outputs},
                     {"sentinel", fmt::format("{0} to {0} us", 450 + random() % 40)},
                     {"steal", "0.00 %"},
                     {"threads", "2"},
                     {"throttled", "0"}};
}

Result measured(const Model& model, const Run& run, size_t most_samples, std::mt19937& random) {
  const double batch = 1 + 0.83 * static_cast<double>(run.batch - 1);
  const double ratio = std::min(speed(run.precision), 2.4 + model.fp32_ns / 2e7);
  const double latency = model.fp32_ns * batch / ratio;
  Result result = ok(run, latency);
  result.metrics.clear();
  result.samples_ns =
      samples(latency, std::clamp<size_t>(static_cast<size_t>(6e9 / latency), 30, most_samples), random);
  add_times(result);
  add_accuracy(result, model);
  result.layers = layers(model, run, latency);
  add_circumstances(result, model, latency, random);
  if (!is_baseline(run)) {
    result.metrics.push_back({"speedup", ratio, "x", Direction::higher_is_better});
    result.metrics.push_back({"speedup_low", 0.99 * ratio, "x", Direction::higher_is_better});
    result.metrics.push_back({"speedup_high", 1.01 * ratio, "x", Direction::higher_is_better});
  }
  if (run.pruning.method != "none")
    result.notes.push_back(
        "1.00x the speed of the dense run (0.99 to 1.01): the same dense kernels ran, no kernel "
        "exploits this pattern of zeros");
  return result;
}

}  // namespace

Result carried_out(const Run& run, size_t most_samples, std::mt19937& random) {
  const Model& model = pick(models, "model", run.model);
  if (run.precision == Precision::fp16)
    return not_ok(run, Outcome::unsupported,
                  "oneDNN has no fp16 convolution for this CPU: it lacks avx512_fp16");
  if (run.model == "vgg16" && run.batch == 16 && run.precision == Precision::fp32)
    return not_ok(run, Outcome::failed, "the child process was killed by signal 9 (limit: 8 GiB of memory)");
  Result result = measured(model, run, most_samples, random);
  if (run.model == "resnet18" && run.batch == 16 && run.precision == Precision::int8) {
    result.outcome = Outcome::inaccurate;
    result.reason = "SQNR 3.1 dB is below 10 dB, the least that int8 explains";
  }
  return result;
}

void fill_with_sweep(const std::string& path) {
  std::mt19937 random(1);
  Store store(path, Access::read_write);
  const int64_t session = store.begin_session(experiment("precision-and-pruning"), 48);
  for (const Model& model : models)
    for (const int64_t batch : {1, 16})
      for (const PrecisionEntry& precision : precisions())
        for (const double ratio : {0.0, 0.5}) {
          Run point = run(model.name, precision.value, batch);
          if (precision.value == Precision::tf32) continue;  // a sweep of CPUs, which have none
          if (ratio > 0 && (batch > 1 || precision.value == Precision::bf16)) continue;
          if (ratio > 0) point.pruning = {"magnitude", ratio};
          if (point.model == "mlp") point.dataset = "mnist";
          store.add(session, carried_out(point, 3000, random));
        }
}

}  // namespace bitsweep::examples
