// The steps of a block, on the real reference backend and on engines that lie.
#include "harness/execute.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/backends.h"
#include "harness/caches.h"
#include "harness/checkpoints.h"
#include "harness/formats/safetensors.h"
#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// What a lying engine does to the outputs of the judge; told how often it was asked before.
using Lie = void (*)(std::span<float> output, int calls);

/// What it does to the record of what ran.
using FalseRecord = void (*)(LayerRecord& layer);

/// The judge's session with a lie on top.
class LyingSession : public Session {
 public:
  LyingSession(std::unique_ptr<Session> honest, Lie lie, FalseRecord false_record)
      : honest_(std::move(honest)), lie_(lie), false_record_(false_record) {}
  void infer(std::span<const float> input, std::span<float> output) override {
    honest_->infer(input, output);
    lie_(output, calls_++);
  }
  void trace(std::span<const float> input, const Observer& observe) override {
    honest_->trace(input, observe);
  }
  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override {
    std::vector<LayerRecord> layers = honest_->profile(input, repetitions);
    for (LayerRecord& layer : layers) false_record_(layer);
    return layers;
  }
  int64_t weight_bytes() const override { return honest_->weight_bytes(); }
  int64_t activation_bytes() const override { return honest_->activation_bytes(); }

 private:
  std::unique_ptr<Session> honest_;
  Lie lie_;
  FalseRecord false_record_;
  int calls_ = 0;
};

void as_it_is(std::span<float>, int) {}
void as_it_ran(LayerRecord&) {}

template <Lie lie, FalseRecord false_record = as_it_ran>
Backend lying_backend(const char* name) {
  Backend backend = reference_backend();
  backend.name = name;
  backend.judge = false;
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    return std::make_unique<LyingSession>(reference_backend().prepare(network, request), lie, false_record);
  };
  return backend;
}

void all_zero(std::span<float> output, int) {
  std::fill(output.begin(), output.end(), 0.0F);
}
void first_class_always(std::span<float> output, int) {
  std::fill(output.begin(), output.end(), 0.0F);
  output[0] = 1;
}
void not_a_number(std::span<float> output, int) {
  output[3] = std::nanf("");
}
void negated(std::span<float> output, int) {
  for (float& value : output) value = -value;
}
/// Right for the 16 images that the judge looks at, and for the first inference before them.
void right_at_first(std::span<float> output, int calls) {
  if (calls > 17) std::fill(output.begin(), output.end(), std::nanf(""));
}
/// Right while it is scored (10,000 images and the first inference), wrong while it is timed.
void fast_and_wrong(std::span<float> output, int calls) {
  if (calls > 10001) output[0] += 1;
}
/// Gives memory back after each inference, as some allocators do.
void takes_new_pages(std::span<float>, int) {
  constexpr size_t bytes = 64 * 4096;
  char* const pages =
      static_cast<char*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (size_t i = 0; i < bytes; i += 4096) pages[i] = 1;
  munmap(pages, bytes);
}
/// As sums of 16 bits do, far above what trained networks give for real images.
void saturates(std::span<float> output, int) {
  for (float& value : output) value = std::clamp(value, -150.0F, 150.0F);
}
void in_reference_code(LayerRecord& layer) {
  layer.implementation = "ref:any";
}
void faster_than_arithmetic(LayerRecord& layer) {
  layer.time_ns = 1;
}
void faster_than_memory(LayerRecord& layer) {
  layer.bytes = int64_t{1} << 50;
}
/// Each layer is as slow as its arithmetic asks for; the inferences are not.
void more_than_was_computed(LayerRecord& layer) {
  layer.macs *= 10'000'000;
  layer.time_ns *= 10'000'000;
}
void lost_half(LayerRecord& layer) {
  layer.time_ns /= 2;
}
void throws_when_timed(std::span<float>, int calls) {
  if (calls > 10010) throw std::runtime_error("the engine is on fire");
}

void off_by_one(std::span<float> output, int) {
  output[0] += 1;
}

/// Keeps its last answer: rotating inputs give it no chance.
class RememberingSession : public LyingSession {
 public:
  explicit RememberingSession(std::unique_ptr<Session> honest)
      : LyingSession(std::move(honest), as_it_is, as_it_ran) {}
  void infer(std::span<const float> input, std::span<float> output) override {
    if (!std::equal(input.begin(), input.end(), input_.begin(), input_.end())) {
      LyingSession::infer(input, output);
      input_.assign(input.begin(), input.end());
      answer_.assign(output.begin(), output.end());
    }
    std::copy(answer_.begin(), answer_.end(), output.begin());
  }

 private:
  std::vector<float> input_, answer_;
};

/// Only queues the work, and hands over the answer to the question before: to queue is all that is timed.
class QueueingSession : public LyingSession {
 public:
  explicit QueueingSession(std::unique_ptr<Session> honest)
      : LyingSession(std::move(honest), as_it_is, as_it_ran) {}
  ~QueueingSession() override { finish(); }
  void infer(std::span<const float> input, std::span<float> output) override {
    finish();
    answer_.resize(output.size());
    std::copy(answer_.begin(), answer_.end(), output.begin());
    queued_ = std::thread([this, question = std::vector<float>(input.begin(), input.end())] {
      LyingSession::infer(question, answer_);
    });
  }
  std::vector<LayerRecord> profile(std::span<const float> input, int repetitions) override {
    finish();
    return LyingSession::profile(input, repetitions);
  }

 private:
  void finish() {
    if (queued_.joinable()) queued_.join();
  }
  std::vector<float> answer_;
  std::thread queued_;
};

Backend queueing_backend() {
  Backend backend = lying_backend<as_it_is>("only-queues");
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    return std::make_unique<QueueingSession>(reference_backend().prepare(network, request));
  };
  return backend;
}

/// As an engine that takes 64 MiB for its weights.
class LargeSession : public LyingSession {
 public:
  explicit LargeSession(std::unique_ptr<Session> honest)
      : LyingSession(std::move(honest), as_it_is, as_it_ran) {}
  int64_t weight_bytes() const override { return (int64_t{64} << 20) - activation_bytes() - 1; }
};

Backend large_backend() {
  Backend backend = lying_backend<as_it_is>("large-in-memory");
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    return std::make_unique<LargeSession>(reference_backend().prepare(network, request));
  };
  return backend;
}

/// Takes int8 for another word for fp32.
template <Lie lie>
Backend int8_backend(const char* name) {
  Backend backend = lying_backend<lie>(name);
  backend.why_not = [](const Network&, const SessionRequest&) { return std::optional<std::string>(); };
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    SessionRequest in_fp32 = request;
    in_fp32.precision = Precision::fp32;
    return std::make_unique<LyingSession>(reference_backend().prepare(network, in_fp32), lie, as_it_ran);
  };
  return backend;
}

/// A file with the shipped weights of the MLP, which claims another accuracy for them.
class Boast {
 public:
  explicit Boast(const std::string& top1)
      : file_(std::filesystem::temp_directory_path() /
              fmt::format("bitsweep_boast_{}.safetensors", getpid())) {
    Checkpoint checkpoint = read_safetensors(checkpoint_file("mlp", "mnist", "auto"));
    checkpoint.metadata["top1"] = top1;
    write_safetensors(file_, checkpoint);
  }
  ~Boast() { std::filesystem::remove(file_); }
  std::string file() const { return file_; }

 private:
  std::filesystem::path file_;
};

Backend remembering_backend() {
  Backend backend = lying_backend<as_it_is>("remembering");
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    return std::make_unique<RememberingSession>(reference_backend().prepare(network, request));
  };
  return backend;
}

/// Its first session, which is scored, is honest; the others lie.
Backend honest_once() {
  static bool first = true;
  first = true;
  Backend backend = lying_backend<as_it_is>("honest-once");
  backend.prepare = [](const Network& network, const SessionRequest& request) -> std::unique_ptr<Session> {
    return std::make_unique<LyingSession>(reference_backend().prepare(network, request),
                                          std::exchange(first, false) ? as_it_is : off_by_one, as_it_ran);
  };
  return backend;
}

/// Wrong now and then while it is timed, but not in the end.
void wrong_between(std::span<float> output, int calls) {
  if (calls > 10001 && calls < 10100) output[0] += 1;
}

/// Wrong for longer than a round of several streams may be, so that one ends meanwhile, but not in the end.
void wrong_in_rounds(std::span<float> output, int calls) {
  if (calls > 10001 && calls < 11100) output[0] += 1;
}

std::vector<Backend> table() {
  Backend refuses = reference_backend();
  refuses.name = "refuses";
  refuses.judge = false;
  refuses.prepare = [](const Network&, const SessionRequest&) -> std::unique_ptr<Session> {
    throw std::runtime_error("no such primitive");
  };
  return {reference_backend(),
          refuses,
          lying_backend<all_zero>("all-zero"),
          lying_backend<first_class_always>("first-class-always"),
          lying_backend<not_a_number>("not-a-number"),
          lying_backend<negated>("negated"),
          lying_backend<right_at_first>("right-at-first"),
          lying_backend<fast_and_wrong>("fast-and-wrong"),
          lying_backend<throws_when_timed>("throws-when-timed"),
          honest_once(),
          remembering_backend(),
          queueing_backend(),
          large_backend(),
          int8_backend<as_it_is>("int8-as-it-should-be"),
          int8_backend<saturates>("int8-that-saturates"),
          lying_backend<wrong_between>("wrong-between"),
          lying_backend<wrong_in_rounds>("wrong-in-rounds"),
          lying_backend<takes_new_pages>("takes-new-pages"),
          lying_backend<as_it_is, in_reference_code>("in-reference-code"),
          lying_backend<as_it_is, faster_than_arithmetic>("faster-than-arithmetic"),
          lying_backend<as_it_is, faster_than_memory>("faster-than-memory"),
          lying_backend<as_it_is, more_than_was_computed>("more-than-was-computed"),
          lying_backend<as_it_is, lost_half>("lost-half")};
}

Run mlp(const std::string& backend) {
  Run run;
  run.model = "mlp";
  run.dataset = "mnist";
  run.backend = backend;
  return run;
}

/// The results of a block, by position; each must be given once.
std::map<size_t, Result> execute_block(const std::vector<Run>& runs, std::vector<std::string> allow = {}) {
  Order order{runs, {}, {}};
  order.measure.max_time_s = 0.05;
  order.measure.allow = std::move(allow);
  std::map<size_t, Result> results;
  execute(
      order, table(), [](size_t) {},
      [&](size_t run, const Result& result) { CHECK(results.emplace(run, result).second); });
  CHECK(results.size() == runs.size());
  return results;
}

bool has_note(const Result& result, const std::string& text) {
  return std::any_of(result.notes.begin(), result.notes.end(),
                     [&](const std::string& note) { return note.find(text) != note.npos; });
}

double metric(const Result& result, const std::string& name) {
  for (const Metric& metric : result.metrics)
    if (metric.name == name) return metric.value;
  FAIL("no metric " << name);
  return 0;
}

}  // namespace

TEST_CASE("execute: the trained MLP is scored on 10,000 images by the session that is timed") {
  const Result result = execute_block({mlp("reference")}).at(0);
  CHECK(result.outcome == Outcome::ok);
  CHECK(result.reason.empty());
  CHECK(metric(result, "top1") >= 97);
  CHECK(metric(result, "top1_low") < metric(result, "top1"));
  CHECK(metric(result, "top1") < metric(result, "top1_high"));
  CHECK(metric(result, "top1_high") - metric(result, "top1_low") < 1);
  CHECK(metric(result, "top5_low") < metric(result, "top5_high"));
  CHECK(metric(result, "latency_p50") > 0);
  CHECK(metric(result, "latency_p50_low") <= metric(result, "latency_p50"));
  CHECK(metric(result, "parameters") == 109386);
  CHECK(metric(result, "macs") == 784 * 128 + 128 * 64 + 64 * 10);
  CHECK(has_note(result, "fewer than min_samples") == (result.samples_ns.size() < 30));
  CHECK(metric(result, "prepare_again_time") > 0);
  CHECK(result.evidence.count("channels_not_of_16") == 0);
  CHECK(has_note(result, "max_time was spent before the median's 95 % interval was within ±1 %: ") ==
        (result.evidence.at("stopped_by").find("budget") != std::string::npos));
  CHECK_THAT(result.evidence.at("memory"), ContainsSubstring("locked"));
  CHECK(result.evidence.at("images") == "10000");
  CHECK_FALSE(result.evidence.at("weights_hash").empty());
  REQUIRE(result.layers.size() >= 3);
  for (const LayerRecord& layer : result.layers) CHECK_FALSE(layer.implementation.empty());
}

TEST_CASE("execute: pruning that no kernel exploits is said to be so, with its zeros counted") {
  Run pruned = mlp("reference");
  pruned.pruning = {"magnitude", 0.5};
  const Result result = execute_block({mlp("reference"), pruned}).at(1);
  CHECK(result.outcome == Outcome::ok);
  CHECK(metric(result, "zero_share") == Approx(50).margin(0.01));
  CHECK(metric(result, "dense_top1_agreement") > 80);
  REQUIRE_FALSE(result.explanation.empty());
  CHECK_THAT(result.explanation.back(), ContainsSubstring("none exploits this pattern of zeros"));
}

TEST_CASE("execute: an engine that lies is found out, and its neighbours are not harmed") {
  const auto results =
      execute_block({mlp("all-zero"), mlp("first-class-always"), mlp("not-a-number"), mlp("negated"),
                     mlp("right-at-first"), mlp("fast-and-wrong"), mlp("reference")});
  for (size_t liar = 0; liar < 6; ++liar) {
    INFO(results.at(liar).run.backend << ": " << results.at(liar).reason);
    CHECK(results.at(liar).outcome == Outcome::inaccurate);
    CHECK_FALSE(results.at(liar).reason.empty());
  }
  CHECK_THAT(results.at(5).reason, ContainsSubstring("timed"));
  CHECK(results.at(6).outcome == Outcome::ok);
}

TEST_CASE("execute: an engine that keeps its last answer is found out by the same images again") {
  const auto results = execute_block({mlp("remembering"), mlp("reference")});
  CHECK(metric(results.at(0), "same_images_speedup") > 2);
  CHECK(has_note(results.at(0), "with the same images again"));
  CHECK(metric(results.at(1), "same_images_speedup") < 2);
  CHECK(metric(results.at(0), "latency_p50") > metric(results.at(1), "latency_p50") / 2);
}

TEST_CASE("execute: made-up images are other ones each time too, whatever the batch") {
  Run run = mlp("remembering");
  run.dataset = "synthetic";
  run.batch = 64;
  const Result result = execute_block({run}).at(0);
  CHECK_THAT(result.evidence.at("inputs"), ContainsSubstring(" 2 of different images"));
  CHECK(metric(result, "same_images_speedup") > 2);
}

TEST_CASE("execute: runs that are compared go through as many places in memory") {
  Run pruned = mlp("large-in-memory");
  pruned.pruning = {"magnitude", 0.5};
  const auto results = execute_block({mlp("reference"), pruned});
  CHECK_THAT(results.at(0).evidence.at("places"), ContainsSubstring("4 in memory"));
  CHECK(results.at(1).evidence.at("places") == results.at(0).evidence.at("places"));
  CHECK_THAT(results.at(0).evidence.at("places"), ContainsSubstring("too few for an interval over them"));
}

TEST_CASE("execute: an engine whose int8 sums saturate is found out, however well it does on the images") {
  Run honest = mlp("int8-as-it-should-be"), saturating = mlp("int8-that-saturates");
  honest.precision = saturating.precision = Precision::int8;
  const auto results = execute_block({honest, saturating});
  CHECK(results.at(0).outcome == Outcome::ok);
  CHECK_THAT(results.at(0).evidence.at("int8_sums"), ContainsSubstring("relative error 0.0e+00"));
  CHECK(results.at(1).outcome == Outcome::inaccurate);
  CHECK_THAT(results.at(1).reason,
             ContainsSubstring("saturate, layer convolution 3 x 3 with the largest values"));
}

TEST_CASE("execute: an engine that only queues its work is found out") {
  const Result result = execute_block({mlp("only-queues")}).at(0);
  INFO(result.reason);
  CHECK(result.outcome == Outcome::inaccurate);
}

TEST_CASE("execute: ranges from random images tell no accuracy, and the result says so") {
  Run random = mlp("int8-as-it-should-be");
  random.precision = Precision::int8;
  random.dataset = "synthetic";
  const Result result = execute_block({random}).at(0);
  for (const Metric& metric : result.metrics) CHECK_FALSE(metric.name.starts_with("top1_l"));
  CHECK(has_note(result, "the ranges come from random images"));
  random.dataset = "mnist";
  CHECK_FALSE(has_note(execute_block({random}).at(0), "random images"));
}

TEST_CASE("execute: weights that do not do what their training says are not believed") {
  const Result result = execute_block({mlp("reference")}).at(0);
  CHECK(result.evidence.at("trained_top1") == "98.13 % of mnist");
  Run other = mlp("reference");
  const Boast boast("0.9913");
  other.checkpoint = boast.file();
  const Result boasted = execute_block({other}).at(0);
  CHECK(boasted.outcome == Outcome::inaccurate);
  CHECK_THAT(boasted.reason,
             ContainsSubstring("top-1 is 98.13 %, but 99.13 % where these weights were trained"));
}

TEST_CASE("execute: channels that leave vectors partly empty are counted") {
  Run run = mlp("reference");
  run.model = "mlp:784-100-64-10";
  CHECK(execute_block({run}).at(0).evidence.at("channels_not_of_16") == "1 of 2: fc1 (100)");
}

TEST_CASE("execute: what an engine throws is the reason of a failed run") {
  const auto results = execute_block({mlp("refuses"), mlp("throws-when-timed"), mlp("reference")});
  CHECK(results.at(0).outcome == Outcome::failed);
  CHECK(results.at(0).reason == "no such primitive");
  CHECK(results.at(1).outcome == Outcome::failed);
  CHECK(results.at(1).reason == "the engine is on fire");
  CHECK(results.at(2).outcome == Outcome::ok);
}

TEST_CASE("execute: a precision that the backend lacks is unsupported, with the reason") {
  Run run = mlp("reference");
  run.precision = Precision::int8;
  const Result result = execute_block({run}).at(0);
  CHECK(result.outcome == Outcome::unsupported);
  CHECK_FALSE(result.reason.empty());
}

TEST_CASE("execute: a batch of more images than there are is unsupported, with the reason") {
  Run run = mlp("reference");
  run.batch = 20000;
  const Result result = execute_block({run}).at(0);
  CHECK(result.outcome == Outcome::unsupported);
  CHECK_THAT(result.reason, ContainsSubstring("10000 test images"));
}

TEST_CASE("execute: a network that is pruned to nothing is not blamed on the engine") {
  Run run = mlp("reference");
  run.pruning = {"magnitude", 0.9999};
  const Result result = execute_block({run}).at(0);
  CHECK(result.outcome == Outcome::inaccurate);
  CHECK_THAT(result.reason, ContainsSubstring("it is the network"));
}

TEST_CASE("execute: cold caches of several streams are refused, with the reason") {
  Run run = mlp("reference");
  run.streams = 2;
  run.caches = Caches::cold;
  const Result result = execute_block({run}).at(0);
  CHECK(result.outcome == Outcome::unsupported);
  CHECK_THAT(result.reason, ContainsSubstring("right is streams: 1"));
}

TEST_CASE("execute: runs of a block are marked as measured together, and no others") {
  const auto block = execute_block({mlp("reference"), mlp("reference")});
  const auto other = execute_block({mlp("reference")});
  const std::string together = block.at(0).evidence.at("measured_together");
  CHECK(block.at(1).evidence.at("measured_together") == together);
  CHECK(other.at(0).evidence.at("measured_together") != together);
}

TEST_CASE("execute: layers without a fast kernel fail a run, unless they are allowed and labelled") {
  const Result refused = execute_block({mlp("in-reference-code")}).at(0);
  CHECK(refused.outcome == Outcome::failed);
  CHECK_THAT(refused.reason, ContainsSubstring("ref:any") && ContainsSubstring("allow: [fallback]"));
  CHECK(refused.samples_ns.empty());
  const Result allowed = execute_block({mlp("in-reference-code")}, {"fallback"}).at(0);
  CHECK(allowed.outcome == Outcome::ok);
  CHECK_THAT(allowed.evidence.at("fallbacks"), ContainsSubstring("ref:any"));
}

TEST_CASE("execute: a layer that is faster than this machine's arithmetic is not believed") {
  const Result result = execute_block({mlp("faster-than-arithmetic")}).at(0);
  CHECK(result.outcome == Outcome::failed);
  CHECK_THAT(result.reason, ContainsSubstring("faster than this machine's arithmetic: fc1"));
}

TEST_CASE("execute: a layer that is faster than this machine's memory is not believed") {
  const Result result = execute_block({mlp("faster-than-memory")}).at(0);
  CHECK(result.outcome == Outcome::failed);
  CHECK_THAT(result.reason, ContainsSubstring("faster than this machine's memory: flatten, fc1"));
}

TEST_CASE("execute: streams that are faster than the arithmetic of all their threads are not believed") {
  Run two = mlp("more-than-was-computed");
  two.streams = 2;
  const Result result = execute_block({two}).at(0);
  CHECK(result.outcome == Outcome::failed);
  CHECK_THAT(result.reason, ContainsSubstring("times as fast as the arithmetic of") &&
                                !ContainsSubstring("faster than this machine's"));
}

TEST_CASE("execute: layers that do not add up to the inference are told") {
  const Result result = execute_block({mlp("lost-half")}).at(0);
  CHECK(result.outcome == Outcome::ok);
  CHECK(metric(result, "layers_coverage") < 90);
  CHECK(has_note(result, "the layers' times add up to"));
}

TEST_CASE("execute: page faults in the timed loop are counted and told") {
  const auto results = execute_block({mlp("takes-new-pages"), mlp("reference")});
  CHECK(metric(results.at(0), "page_faults") >= 60);
  CHECK(has_note(results.at(0), "page faults an inference"));
  CHECK(metric(results.at(1), "page_faults") < 0.01);
}

TEST_CASE("execute: outputs are hashed when scored and when timed, and denormals are flushed") {
  const auto results = execute_block({mlp("reference"), mlp("fast-and-wrong")});
  CHECK(results.at(0).evidence.at("scored_outputs") == results.at(0).evidence.at("timed_outputs"));
  CHECK(results.at(1).evidence.at("scored_outputs") != results.at(1).evidence.at("timed_outputs"));
  const std::string threads = results.at(0).evidence.at("threads");
  CHECK(results.at(0).evidence.at("denormals") == "flushed in " + threads + " of " + threads + " threads");
}

TEST_CASE("execute: a run is timed at several places in memory, and none goes unchecked") {
  const auto results = execute_block({mlp("reference"), mlp("honest-once")});
  CHECK(results.at(0).outcome == Outcome::ok);
  CHECK_THAT(results.at(0).evidence.at("places"), ContainsSubstring("16 in memory"));
  CHECK(results.at(1).outcome == Outcome::inaccurate);
  CHECK_THAT(results.at(1).reason, ContainsSubstring("another output than the scored one"));
}

TEST_CASE("execute: outputs that are wrong between the first and the last timed inference are found out") {
  CHECK(execute_block({mlp("wrong-between")}).at(0).outcome == Outcome::inaccurate);
  Run two = mlp("wrong-in-rounds");
  two.streams = 2;
  CHECK(execute_block({two}).at(0).outcome == Outcome::inaccurate);
}

TEST_CASE("execute: a variable that steers the engine is told with the result") {
  setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1);
  const Result result = execute_block({mlp("reference")}).at(0);
  unsetenv("ONEDNN_MAX_CPU_ISA");
  CHECK(result.evidence.at("environment") == "ONEDNN_MAX_CPU_ISA=SSE41");
  CHECK_THAT(result.notes.at(0), ContainsSubstring("steers the engine"));
}

TEST_CASE("execute: several streams give a throughput and no latency, and no stream goes unchecked") {
  Run two = mlp("reference");
  two.streams = 2;
  Run wrong = mlp("fast-and-wrong");
  wrong.streams = 2;
  const auto results = execute_block({two, wrong});
  CHECK(results.at(0).outcome == Outcome::ok);
  CHECK(metric(results.at(0), "throughput") > 0);
  for (const Metric& metric : results.at(0).metrics) CHECK_FALSE(metric.name.starts_with("latency"));
  CHECK_THAT(results.at(0).evidence.at("sample"), ContainsSubstring("in 2 streams"));
  CHECK(results.at(1).outcome == Outcome::inaccurate);
}

TEST_CASE("execute: with cold caches the same run is another run, and is measured") {
  Run cold = mlp("reference");
  cold.caches = Caches::cold;
  CHECK(run_id(cold) != run_id(mlp("reference")));
  const Result result = execute_block({cold}).at(0);
  CHECK(result.outcome == Outcome::ok);
  CHECK(metric(result, "latency_p50") > 0);
  const int64_t passes = static_cast<int64_t>(result.samples_ns.size());
  CHECK(std::stoll(result.evidence.at("evicted")) >= (passes * 2 * cache_bytes()) >> 30);
}

TEST_CASE("execute: what is not believed has no speed-up, and is nobody's baseline") {
  Run pruned = mlp("fast-and-wrong");
  pruned.pruning = {"magnitude", 0.5};
  const auto results = execute_block({mlp("fast-and-wrong"), pruned, mlp("reference")});
  for (const size_t liar : {0, 1}) {
    CHECK(results.at(liar).outcome == Outcome::inaccurate);
    for (const Metric& metric : results.at(liar).metrics) CHECK(metric.name != "speedup");
    CHECK(results.at(liar).explanation.empty());
  }
  CHECK(metric(results.at(2), "speedup") == 1);
}

TEST_CASE("execute: more streams than a machine can have are unsupported, however many") {
  for (const int64_t streams : {int64_t{1025}, int64_t{1} << 32, INT64_MAX}) {
    Run run = mlp("reference");
    run.streams = streams;
    const Result result = execute_block({run}).at(0);
    CHECK(result.outcome == Outcome::unsupported);
    CHECK_THAT(result.reason, ContainsSubstring("right is at most 1024 threads in all"));
  }
}
