#include "harness/prepare.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "harness/accuracy.h"
#include "harness/checkpoints.h"
#include "harness/clock.h"
#include "harness/compression/pruning.h"
#include "harness/compression/quantization.h"
#include "harness/denormals.h"
#include "harness/error.h"
#include "harness/extreme_sums.h"
#include "harness/formats/safetensors.h"
#include "harness/fusion.h"
#include "harness/layer_evidence.h"
#include "harness/models/models.h"
#include "harness/statistics.h"
#include "harness/strictness.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t calibration_images = 64;
constexpr int64_t calibration_batch = 8;
constexpr int64_t judged_images =
    16;  // the judge is slow; 16 images of 1,000 classes give 16,000 numbers to compare
// Where only fidelity can be told, no more are needed; but two batches, or each inference would get the same.
constexpr int64_t unlabelled_images = 16, unlabelled_batches = 2;

double nanoseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

void add_time(Result& result, const char* name, double ns) {
  add_metric(result, name, ns, "ns", Direction::lower_is_better);
}

/// The first `count` images.
Samples first_images(const Samples& images, int64_t count) {
  Samples part{images.shape, std::min(count, images.count), {}, {}, images.normalisation};
  part.values.assign(images.values.begin(), images.values.begin() + part.count * element_count(images.shape));
  return part;
}

const Backend& judge_among(const std::vector<Backend>& backends) {
  const auto judge =
      std::find_if(backends.begin(), backends.end(), [](const Backend& backend) { return backend.judge; });
  if (judge == backends.end()) throw std::logic_error("no backend is the judge");
  return *judge;
}

/// A network before pruning.
struct Dense {
  Network network;
  // What the checkpoint says of its training; empty if it does not.
  std::string command = {};  ///< with its augmentation
  std::string dataset = {};
  std::optional<double> top1 = {};  ///< on the test images, in fp32, %
};

}  // namespace

/// What the runs of a block have in common, made when first asked for.
struct Preparation::Shared {
  using ImagesKey = std::tuple<std::string, Shape, int64_t, int64_t>;

  const Dense& dense(const Run& run) {
    const auto key = std::make_tuple(run.model, run.dataset, run.checkpoint, run.seed);
    const auto found = networks.find(key);
    if (found != networks.end()) return found->second;
    Dense dense{build_model(run.model, run.seed)};
    if (const auto file = checkpoint_file(run.model, run.dataset, run.checkpoint); !file.empty()) {
      Checkpoint checkpoint = read_safetensors(file);
      load_weights(dense.network, checkpoint, file);
      dense.command = checkpoint.metadata["command"];
      dense.dataset = checkpoint.metadata["dataset"];
      if (const auto top1 = checkpoint.metadata.find("top1"); top1 != checkpoint.metadata.end())
        dense.top1 = 100 * std::strtod(top1->second.c_str(), nullptr);
    }
    return networks.emplace(key, std::move(dense)).first->second;
  }

  const Samples& test_images(const Run& run, const Shape& shape) {
    const ImagesKey key{run.dataset, shape, std::max(unlabelled_batches * run.batch, unlabelled_images),
                        run.seed};
    const auto found = tests.find(key);
    if (found != tests.end()) return found->second;
    return tests
        .emplace(key, pick(datasets(), "dataset", run.dataset).test(shape, std::get<2>(key), run.seed))
        .first->second;
  }

  /// What the judge computes for the first images with a network in inference form.
  const std::vector<float>& reference(const Backend& judge, const Network& network, const Samples& images,
                                      int threads) {
    const auto key = std::make_pair(weights_hash(network), data_hash(images));
    const auto found = references.find(key);
    if (found != references.end()) return found->second;
    const auto session = judge.prepare(network, {Precision::fp32, images.count, threads, {}});
    return references.emplace(key, infer_all(*session, network, images, images.count)).first->second;
  }

  struct Calibrated {
    std::vector<Range> ranges;  ///< of all layers
    std::string how;            ///< method and images, in words
    bool random = false;        ///< the images are made up
  };

  /// Ranges for int8, found by the same engine in fp32.
  const Calibrated& calibration(const Backend& backend, const Network& network, const Run& run, int threads,
                                Result& result) {
    const auto key =
        std::make_tuple(backend.name, weights_hash(network), run.dataset, run.calibration, run.seed);
    const auto found = calibrated.find(key);
    if (found != calibrated.end()) return found->second;
    const auto begin = Clock::now();
    const Samples images =
        pick(datasets(), "dataset", run.dataset).train(network.input_shape(), calibration_images, run.seed);
    const auto session = backend.prepare(network, {Precision::fp32, calibration_batch, threads, {}});
    Calibrated fresh;
    fresh.ranges = calibrate(*session, network, images, calibration_batch, run.calibration);
    add_time(result, "calibration_time", nanoseconds_since(begin));
    fresh.how = fmt::format("{} over {} images, {}", run.calibration, images.count, images.normalisation);
    fresh.random = images.labels.empty();
    return calibrated.emplace(key, std::move(fresh)).first->second;
  }

  /// Whether the engine's int8 sums hold the largest values.
  const ExtremeSums& extreme_sums(const Backend& backend, const SessionRequest& request) {
    const auto key = std::make_pair(backend.name, request.threads);
    const auto found = extremes.find(key);
    if (found != extremes.end()) return found->second;
    return extremes.emplace(key, check_extreme_sums(backend, request.threads)).first->second;
  }

  std::map<std::tuple<std::string, std::string, std::string, int64_t>, Dense> networks;
  std::map<ImagesKey, Samples> tests;
  std::map<std::pair<std::string, std::string>, std::vector<float>> references;
  std::map<std::tuple<std::string, std::string, std::string, std::string, int64_t>, Calibrated> calibrated;
  std::map<std::pair<std::string, int>, ExtremeSums> extremes;
};

Preparation::Preparation(const std::vector<Backend>& backends, const Machine& machine, const Measure& measure)
    : backends_(backends), machine_(machine), measure_(measure), shared_(std::make_unique<Shared>()) {}

Preparation::~Preparation() = default;

namespace {

/// Does it; what it throws becomes the outcome.
void fault_as_outcome(Result& result, const std::function<void()>& step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    result.outcome = Outcome::failed;
    result.reason = "out of memory; give the run more by `limits: {memory: ...}`, or a smaller batch";
  } catch (const std::exception& error) {
    result.outcome = Outcome::failed;
    result.reason = error.what();
  }
}

}  // namespace

Prepared Preparation::prepare(const Run& run) {
  Prepared prepared;
  Result& result = prepared.result;
  result.run = run;
  result.outcome = Outcome::ok;
  result.machine = machine_;
  result.software = this_software();
  result.started = utc_now();
  const auto begin = Clock::now();
  fault_as_outcome(result, [&] { prepare_session(prepared); });
  if (result.outcome != Outcome::ok) prepared.sessions.clear();
  result.seconds = nanoseconds_since(begin) * 1e-9;
  return prepared;
}

namespace {

/// What the network is, whatever engine runs it.
void add_sizes(Result& result, const Network& network) {
  const ZeroCount zeros = count_zeros(network);
  const auto parameters = static_cast<double>(parameter_count(network));
  const auto weights = static_cast<double>(std::max<int64_t>(zeros.weights, 1));
  add_metric(result, "parameters", parameters, "", Direction::neutral);
  add_metric(result, "nonzeros", parameters - static_cast<double>(zeros.zeros), "", Direction::neutral);
  add_metric(result, "zero_share", 100 * static_cast<double>(zeros.zeros) / weights, "%", Direction::neutral);
  if (zeros.denormals > 0)
    result.notes.push_back(
        fmt::format("{} of {} weights are denormal: flushed to zero here, slow in programs that do not",
                    zeros.denormals, zeros.weights));
  add_metric(result, "macs", static_cast<double>(macs(network) * result.run.batch), "", Direction::neutral);
}

/// Of all streams.
void add_bytes(Result& result, const Session& session) {
  const auto streams = static_cast<double>(result.run.streams);
  add_metric(result, "weight_bytes", streams * static_cast<double>(session.weight_bytes()), "bytes",
             Direction::lower_is_better);
  add_metric(result, "activation_bytes", streams * static_cast<double>(session.activation_bytes()), "bytes",
             Direction::lower_is_better);
  if (result.run.pruning.method == "none") return;
  if (const auto share = session.packed_zero_share())
    add_metric(result, "packed_zero_share", 100 * *share, "%", Direction::neutral);
}

/// Output channels fill vectors of 16 numbers, and tiles of matrix units; the last layer's are classes. "2 of
/// 12: conv3 (60), conv4 (100)"; empty if all do.
std::string unaligned_channels(const Network& network) {
  constexpr int64_t lanes = 16;
  std::vector<std::string> found;
  int64_t layers = 0;
  for (size_t i = 0; i + 1 < network.layers().size(); ++i) {
    const Layer& layer = network.layers()[i];
    if (network.weights(i) == nullptr) continue;
    ++layers;
    if (layer.shape[0] % lanes != 0) found.push_back(fmt::format("{} ({})", layer.name, layer.shape[0]));
  }
  constexpr size_t most = 8;
  const size_t all = found.size();
  if (all > most) found.resize(most);
  return all == 0
             ? ""
             : fmt::format("{} of {}: {}{}", all, layers, fmt::join(found, ", "), all > most ? ", ..." : "");
}

/// At how many places in memory a session is timed, so that no single one decides: where it lies is worth up
/// to 6 % for small networks, and less the more pages it takes. Source: Curtsinger & Berger, Stabilizer
/// (ASPLOS 2013).
int64_t places_of(const Session& session) {
  constexpr int64_t bytes_of_all = int64_t{256} << 20, most = 16;
  return std::clamp<int64_t>(bytes_of_all / (session.weight_bytes() + session.activation_bytes() + 1), 1,
                             most);
}

/// Variables by which users steer the engines: with one of them set, a result is of another engine.
std::string steering_variables() {
  std::string set;
  for (char** entry = environ; *entry != nullptr; ++entry)
    for (const char* prefix : {"ONEDNN_", "DNNL_", "CUDNN_", "CUBLAS", "NVIDIA_TF32_"})
      if (std::string_view(*entry).starts_with(prefix)) set += (set.empty() ? "" : " ") + std::string(*entry);
  return set;
}

/// OpenMP threads of each stream.
int threads_of(const Run& run, const Machine& machine) {
  if (run.threads.count > 0) return run.threads.count;
  return static_cast<int>(std::max<int64_t>(1, machine.physical_cores / run.streams));
}

void add_fidelity(Result& result, const Fidelity& to_reference) {
  add_metric(result, "sqnr", to_reference.sqnr_db, "dB", Direction::higher_is_better);
  add_metric(result, "cosine", to_reference.cosine, "", Direction::higher_is_better);
  add_metric(result, "top1_agreement", 100 * to_reference.top1_agreement, "%", Direction::higher_is_better);
  add_metric(result, "max_error", to_reference.max_error, "", Direction::lower_is_better);
}

void add_top_k(Result& result, const std::vector<float>& outputs, const Samples& images, int64_t classes) {
  if (images.labels.empty()) return;
  for (const int k : {1, 5}) {
    if (k > 1 && k >= classes) continue;  // all would be right
    const double share = top_k(outputs, images.labels, k);
    const Interval interval = share_interval(share, images.count);
    const std::string name = fmt::format("top{}", k);
    add_metric(result, name, 100 * share, "%", Direction::higher_is_better);
    add_metric(result, name + "_low", 100 * interval.low, "%", Direction::higher_is_better);
    add_metric(result, name + "_high", 100 * interval.high, "%", Direction::higher_is_better);
  }
  result.evidence["images"] = std::to_string(images.count);
  result.right = right_answers(outputs, images.labels);
}

/// False, with the outcome set, if a layer runs in code that is not there to be fast and that is not allowed.
bool check_kernels(Result& result, const std::vector<LayerRecord>& layers, bool allowed) {
  std::vector<std::string> reasons;
  for (const LayerRecord& layer : layers)
    if (const auto reason = fallback(layer)) reasons.push_back(*reason);
  if (reasons.empty()) return true;
  constexpr size_t most_told = 5;
  const size_t all = reasons.size();
  if (all > most_told) reasons.resize(most_told);
  const std::string told = fmt::format("{} of {} layers without a fast kernel: {}{}", all, layers.size(),
                                       fmt::join(reasons, "; "), all > most_told ? "; ..." : "");
  result.evidence["fallbacks"] = told;
  if (allowed) {
    result.notes.push_back(told);
    return true;
  }
  result.outcome = Outcome::failed;
  result.reason = told + "; `measure: {allow: [fallback]}` measures it nevertheless";
  return false;
}

/// False, with the outcome set, if int8 sums of extreme values are not what they should be.
bool check_sums(Result& result, const ExtremeSums& sums) {
  if (sums.layer.empty()) return true;  // the engine has none of these layers
  result.evidence["int8_sums"] = fmt::format(
      "layer {} with the largest values: relative error {:.1e} against exact sums, at most {:.0e}",
      sums.layer, sums.relative_error, ExtremeSums::limit);
  if (sums.relative_error <= ExtremeSums::limit) return true;
  result.outcome = Outcome::inaccurate;
  result.reason = "int8 sums overflow or saturate, " + result.evidence["int8_sums"];
  return false;
}

/// Why the accuracy is not that of these weights, in words; empty if it is, or if nobody knows theirs.
std::string not_as_trained(const Result& result, const Dense& dense) {
  constexpr double most = 0.1;  // percentage points
  const Run& run = result.run;
  const Metric* const top1 = find_metric(result, "top1");
  const bool as_trained = run.precision == Precision::fp32 && run.pruning.method == "none";
  if (!dense.top1 || dense.dataset != run.dataset || !as_trained || top1 == nullptr) return "";
  if (std::abs(top1->value - *dense.top1) <= most) return "";
  return fmt::format(
      "top-1 is {:.2f} %, but {:.2f} % where these weights were trained: the data, their preprocessing or "
      "the "
      "network is another",
      top1->value, *dense.top1);
}

/// Why this is not fp32, in words; empty if it is.
std::string not_strict(Result& result, const Strictness& strictness) {
  if (strictness.layer.empty()) return "";  // nothing to be verified
  add_metric(result, "fp32_error", strictness.relative_error, "", Direction::lower_is_better);
  result.evidence["strict_fp32"] = fmt::format("layer {}: relative error {:.1e} against fp64, at most {:.1e}",
                                               strictness.layer, strictness.relative_error, strictness.limit);
  return strictness.passed ? "" : "this is not fp32, " + result.evidence["strict_fp32"];
}

}  // namespace

void Preparation::prepare_session(Prepared& prepared) {
  Result& result = prepared.result;
  const Run& run = result.run;
  const Backend& backend = pick(backends_, "backend", run.backend);
  result.software.libraries = backend.libraries();

  if (const std::string set = steering_variables(); !set.empty()) {
    result.evidence["environment"] = set;
    result.notes.push_back("the environment steers the engine: " + set);
  }

  const auto load_begin = Clock::now();
  const Dense& trained = shared_->dense(run);
  const Network& dense = trained.network;
  Network compressed = dense;
  prune(compressed, run.pruning, run.seed);
  add_sizes(result, compressed);
  const auto fused = std::make_shared<const Network>(fuse(std::move(compressed)));
  const Network& network = *fused;
  add_time(result, "load_time", nanoseconds_since(load_begin));
  const auto file = checkpoint_file(run.model, run.dataset, run.checkpoint);
  result.evidence["weights"] =
      file.empty() ? fmt::format("seeded, seed {}", run.seed) : file.filename().string();
  result.evidence["weights_hash"] = weights_hash(network);
  if (!trained.command.empty()) result.evidence["training"] = trained.command;
  if (const std::string layers = unaligned_channels(network); !layers.empty())
    result.evidence["channels_not_of_16"] = layers;

  SessionRequest request{
      run.precision, run.batch, threads_of(run, machine_), {}, measure_.allows("emulation")};
  if (run.streams > most_threads / request.threads) {  // as a quotient, which cannot overflow
    result.outcome = Outcome::unsupported;
    result.reason = fmt::format("{} streams of {} threads are too many; right is at most {} threads in all",
                                run.streams, request.threads, most_threads);
    return;
  }
  if (run.streams > 1 && run.caches == Caches::cold) {
    result.outcome = Outcome::unsupported;
    result.reason = "several streams share the caches, which cannot be cold for each; right is streams: 1";
    return;
  }
  if (backend.device && run.caches == Caches::cold) {
    result.outcome = Outcome::unsupported;
    result.reason = "only the CPU's caches can be emptied, not those of a device; right is caches: warm";
    return;
  }
  prepared.threads = request.threads;
  flush_denormals(request.threads);
  if (const int flushed = threads_that_flush(request.threads); flushed < request.threads) {
    result.outcome = Outcome::failed;
    result.reason = fmt::format("{} threads were asked for, OpenMP gives {}; is there a limit for threads?",
                                request.threads, flushed);
    return;
  }
  result.evidence["threads"] = std::to_string(request.threads);
  if (const int64_t all = request.threads * run.streams; all > machine_.logical_cores)
    result.notes.push_back(fmt::format("{} threads share {} cores", all, machine_.logical_cores));
  if (const auto reason = backend.why_not(network, request)) {
    result.outcome = Outcome::unsupported;
    result.reason = *reason;
    return;
  }
  if (run.precision == Precision::int8) {
    const auto& calibrated = shared_->calibration(backend, network, run, request.threads, result);
    request.ranges = calibrated.ranges;
    result.evidence["calibration"] = calibrated.how;
    if (calibrated.random)
      result.notes.push_back(
          "the ranges come from random images: this tells the speed of int8, and nothing of its accuracy on "
          "real ones");
    if (!check_sums(result, shared_->extreme_sums(backend, request))) return;
  }

  const auto prepare_begin = Clock::now();
  prepared.sessions.push_back(backend.prepare(network, request));
  add_time(result, "prepare_time", nanoseconds_since(prepare_begin));
  Session& session = *prepared.sessions.front();
  add_bytes(result, session);

  if (backend.device) result.evidence["device"] = backend.device().name;
  if (backend.emulation)
    if (const auto emulation = backend.emulation(run.precision)) {
      result.evidence["emulated"] = *emulation;
      result.notes.push_back(fmt::format("{} is emulated: {}", to_text(run.precision), *emulation));
    }
  prepared.computed_shares = computed_shares(network);

  const Samples& images = shared_->test_images(run, network.input_shape());
  if (images.count < run.batch) {
    result.outcome = Outcome::unsupported;
    result.reason = fmt::format("a batch of {} is more than the {} test images of {}", run.batch,
                                images.count, run.dataset);
    return;
  }
  check_classes(images, element_count(network.output_shape()));
  prepared.images = &images;
  prepared.classes = element_count(network.output_shape());
  result.evidence["data_hash"] = data_hash(images);
  result.evidence["normalisation"] = images.normalisation;
  const std::span<const float> batch(images.values.data(),
                                     static_cast<size_t>(run.batch * element_count(images.shape)));
  std::vector<float> output(run.batch * prepared.classes);
  const auto first_begin = Clock::now();
  session.infer(batch, output);
  add_time(result, "first_inference", nanoseconds_since(first_begin));
  if (!check_kernels(result, session.profile(batch, 1), measure_.allows("fallback"))) return;

  prepared.scored = infer_all(session, network, images, run.batch);
  result.evidence["outputs_hash"] = values_hash(prepared.scored);
  add_top_k(result, prepared.scored, images, prepared.classes);
  if (trained.top1)
    result.evidence["trained_top1"] = fmt::format("{:.2f} % of {}", *trained.top1, trained.dataset);
  const Samples judged = first_images(images, judged_images);
  const std::span<const float> judged_outputs(prepared.scored.data(), judged.count * prepared.classes);
  const Backend& judge = judge_among(backends_);
  const std::vector<float>& reference = shared_->reference(judge, network, judged, request.threads);
  const Fidelity to_reference = fidelity(judged_outputs, reference, prepared.classes);
  result.evidence["judged_images"] = std::to_string(judged.count);
  add_fidelity(result, to_reference);
  if (run.pruning.method != "none") {
    const Fidelity to_dense = fidelity(
        judged_outputs, shared_->reference(judge, fuse(dense), judged, request.threads), prepared.classes);
    add_metric(result, "dense_sqnr", to_dense.sqnr_db, "dB", Direction::higher_is_better);
    add_metric(result, "dense_top1_agreement", 100 * to_dense.top1_agreement, "%",
               Direction::higher_is_better);
  }
  result.reason = implausible(prepared.scored, reference, prepared.classes);
  if (result.reason.empty()) result.reason = too_far(to_reference, run.precision);
  if (result.reason.empty()) result.reason = not_as_trained(result, trained);
  if (result.reason.empty() && run.precision == Precision::fp32)
    result.reason = not_strict(result, check_strictness(session, network, batch, run.batch));
  if (!result.reason.empty()) {
    result.outcome = Outcome::inaccurate;
    return;
  }
  prepared.wanted_sessions = static_cast<size_t>(run.streams > 1 ? run.streams : places_of(session));
  if (prepared.wanted_sessions > 1)
    prepared.another_session = [fused, request, prepare = backend.prepare] {
      return prepare(*fused, request);
    };
}

namespace {

/// As many places for all runs of a network and batch: they are compared, and where one went through fewer
/// places than another, what these are worth would not show in the interval.
void equalize_places(std::vector<Prepared>& block) {
  for (Prepared& one : block)
    for (const Prepared& other : block) {
      const Run &run = one.result.run, &others = other.result.run;
      if (!other.sessions.empty() && run.streams == 1 && others.streams == 1 && run.model == others.model &&
          run.batch == others.batch)
        one.wanted_sessions = std::min(one.wanted_sessions, other.wanted_sessions);
    }
}

}  // namespace

void add_sessions(std::vector<Prepared>& block, const std::function<void(size_t)>& active) {
  equalize_places(block);
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < block.size(); ++i) {
      if (block[i].sessions.empty() || block[i].sessions.size() >= block[i].wanted_sessions) {
        block[i].another_session = nullptr;  // with the network that it holds
        continue;
      }
      more = true;
      active(i);
      Result& result = block[i].result;
      const auto begin = Clock::now();
      fault_as_outcome(result, [&] { block[i].sessions.push_back(block[i].another_session()); });
      if (result.outcome != Outcome::ok)
        block[i].sessions.clear();
      else if (block[i].sessions.size() == 2)
        add_time(result, "prepare_again_time", nanoseconds_since(begin));
      result.seconds += nanoseconds_since(begin) * 1e-9;
    }
  }
}

}  // namespace bitsweep
