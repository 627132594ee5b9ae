#include "tests/results/examples.h"

#include <cstdlib>
#include <fstream>

#include "results/store.h"
#include "tests/places.h"

namespace bitsweep::examples {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "bitsweep-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Experiment experiment(const std::string& name) {
  Experiment experiment;
  experiment.name = name;
  experiment.path = "experiments/" + name + ".yaml";
  experiment.text = "experiment: " + name + "\n";
  return experiment;
}

Machine machine() {
  Machine machine;
  machine.host = "node17";
  machine.cpu = "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz";
  machine.isa = {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8"};
  machine.physical_cores = 2;
  machine.logical_cores = 4;
  machine.core_set = "0-3";
  machine.memory_bytes = int64_t{16} << 30;
  machine.kernel = "6.1.0";
  machine.governor = "performance";
  return machine;
}

Run run(const std::string& model, Precision precision, int64_t batch) {
  Run run;
  run.model = model;
  run.precision = precision;
  run.batch = batch;
  return run;
}

Result ok(const Run& run, double latency_ns) {
  Result result;
  result.run = run;
  result.outcome = Outcome::ok;
  for (int i = 0; i < 40; ++i)
    result.samples_ns.push_back(static_cast<int64_t>(latency_ns * (0.99 + 0.001 * (i * 7 % 20))));
  result.metrics = {{"latency_p50", latency_ns, "ns", Direction::lower_is_better},
                    {"throughput", 1e9 * static_cast<double>(run.batch) / latency_ns, "images/s",
                     Direction::higher_is_better},
                    {"parameters", 11689512, "", Direction::neutral}};
  result.layers = {
      {"conv1", "convolution", "brgconv:avx512_core_amx", "u8:s8:u8", latency_ns * 0.7, 118013952, 1204224},
      {"fc", "linear", "brgemm:avx512_core_amx", "u8:s8:f32", latency_ns * 0.3, 512000, 516512}};
  result.notes = {"the cores' clocks are hidden by this machine"};
  result.evidence = {{"weights_hash", "6f1d2c3b4a5968778695a4b3c2d1e0f0"}, {"stopped_by", "precise"}};
  result.machine = machine();
  result.software = {"0.1.0 (abcdef012345)", "Release, GNU 12.2.0", {{"oneDNN", "2.6.3"}}};
  result.started = "2026-03-01T04:00:00Z";
  result.seconds = 3.5;
  return result;
}

Result with(Result result, const std::string& metric, double value, const std::string& unit,
            Direction direction) {
  result.metrics.push_back({metric, value, unit, direction});
  return result;
}

Result not_ok(const Run& run, Outcome outcome, const std::string& reason) {
  Result result = ok(run, 1);
  result.outcome = outcome;
  result.reason = reason;
  result.metrics.clear();
  result.samples_ns.clear();
  result.layers.clear();
  result.evidence.clear();
  result.notes.clear();
  return result;
}

void fill(const std::string& path) {
  Store store(path, Access::read_write);
  store.add(store.begin_session(experiment(), 1), ok(run("resnet50", Precision::fp32), 70e6));

  const int64_t session = store.begin_session(experiment(), 8);
  const auto higher = Direction::higher_is_better;
  store.add(session, with(ok(run("resnet50", Precision::int8, 16), 130e6), "sqnr", 31.25, "dB", higher));
  store.add(session, with(ok(run("resnet50", Precision::bf16, 16), 210e6), "sqnr", 47.5, "dB", higher));
  store.add(session, ok(run("resnet50", Precision::fp32, 16), 650e6));
  store.add(session, with(ok(run("mlp", Precision::int8), 21500), "top1", 97.62, "%", higher));
  store.add(session, with(ok(run("mlp", Precision::fp32), 54321), "top1", 97.81, "%", higher));
  store.add(session, not_ok(run("mlp", Precision::fp16), Outcome::unsupported, "the CPU lacks avx512_fp16"));
  Run pruned = run("mlp", Precision::fp32);
  pruned.pruning = {"magnitude", 0.5};
  pruned.threads.count = 2;
  store.add(session, ok(pruned, 54000));

  store.add(store.begin_session(experiment("night"), 1), ok(run("vgg16", Precision::int8), 25e6));
}

std::string approved(const std::string& name, const std::string& text) {
  const std::string path = source_dir() + "/tests/approved/" + name;
  if (std::getenv("BITSWEEP_APPROVE") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace bitsweep::examples
