#include "harness/experiment.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "harness/compression/pruning.h"
#include "harness/compression/quantization.h"
#include "harness/datasets/datasets.h"
#include "harness/models/models.h"
#include "harness/table.h"
#include "tests/catch.h"
#include "tests/places.h"

using namespace bitsweep;

namespace {

const Vocabulary vocabulary{{"reference", "onednn"}};

/// Two good lines: what a test appends begins in line 3.
const std::string good = "experiment: x\naxes: {model: [mlp], precision: [fp32, int8]}\n";

Experiment parse(const std::string& text) {
  return parse_experiment(text, "x.yaml", vocabulary);
}

/// What is wrong with the text.
std::string mistakes(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::usage);
    return error.what();
  }
  return "nothing";
}

template <class Table>
std::string known(const Table& table) {
  return fmt::format("known: {}", fmt::join(names_of(table), ", "));
}

std::string known_fields() {
  return fmt::format("known: {}", fmt::join(field_names(), ", "));
}

std::string read_failure(const std::string& path) {
  try {
    read_experiment(path, vocabulary);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

/// A file of this test, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("bitsweep-experiment-{}.yaml", ::getpid())) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

// ---- What is right ---------------------------------------------------------------------------------------

TEST_CASE("experiment: every section is read") {
  const Experiment experiment = parse(R"(
experiment: everything
axes:
  model: [mlp, resnet18]
  pruning: [none, {method: magnitude, ratio: 0.50}]
zip:
  - {precision: [fp32, int8], calibration: [minmax, entropy]}
fixed: {backend: onednn, threads: physical}
exclude: [{model: mlp, precision: [fp32, int8]}]
include: [{model: mlp, dataset: mnist, batch: [1, 2]}]
measure: {warmup: 5, min_samples: 40, max_time: 500ms, target_ci: 2%, interleave: [precision]}
limits: {timeout: 10min, memory: 8GiB, retries: 0}
gate: {latency_p50: 3%, top1: 0.5pp}
)");
  CHECK(experiment.name == "everything");
  REQUIRE(experiment.axes.size() == 3);
  CHECK(experiment.axes[0].points == std::vector<Assignment>{{{"model", "mlp"}}, {{"model", "resnet18"}}});
  CHECK(experiment.axes[1].points ==
        std::vector<Assignment>{{{"pruning", "none"}}, {{"pruning", "magnitude:0.5"}}});
  CHECK(experiment.axes[2].points ==
        std::vector<Assignment>{{{"precision", "fp32"}, {"calibration", "minmax"}},
                                {{"precision", "int8"}, {"calibration", "entropy"}}});
  CHECK(experiment.fixed == Assignment{{"backend", "onednn"}, {"threads", "physical"}});
  CHECK(experiment.exclude == std::vector<Pattern>{{{"model", {"mlp"}}, {"precision", {"fp32", "int8"}}}});
  CHECK(experiment.include ==
        std::vector<Pattern>{{{"model", {"mlp"}}, {"dataset", {"mnist"}}, {"batch", {"1", "2"}}}});
  CHECK(experiment.measure.warmup == 5);
  CHECK(experiment.measure.min_samples == 40);
  CHECK(experiment.measure.max_time_s == Approx(0.5));
  CHECK(experiment.measure.target_ci == Approx(0.02));
  CHECK(experiment.measure.interleave == std::vector<std::string>{"precision"});
  CHECK(experiment.limits.timeout_s == Approx(600));
  CHECK(experiment.limits.memory_bytes == int64_t{8} << 30);
  CHECK(experiment.limits.retries == 0);
  CHECK(experiment.gate.at("latency_p50").value == Approx(0.03));
  CHECK_FALSE(experiment.gate.at("latency_p50").points);
  CHECK(experiment.gate.at("top1").value == Approx(0.5));
  CHECK(experiment.gate.at("top1").points);
}

TEST_CASE("experiment: what is not given has the defaults of the header") {
  const Experiment experiment = parse("experiment: x\nfixed: {model: mlp}\n");
  CHECK(experiment.axes.empty());
  CHECK(experiment.measure.max_time_s == Measure().max_time_s);
  CHECK(experiment.measure.interleave == Measure().interleave);
  CHECK(experiment.limits.timeout_s == Limits().timeout_s);
  CHECK(experiment.limits.memory_bytes == 0);
}

TEST_CASE("experiment: an axis may be one value, a section may be empty, an anchor may be used again") {
  const Experiment experiment = parse(
      "experiment: x\naxes: {model: mlp, batch: &few [1, 2]}\nexclude:\nzip: []\n"
      "include: [{model: resnet18, batch: *few}]\n");
  CHECK(experiment.axes[0].points.size() == 1);
  CHECK(experiment.include[0][1].second == std::vector<std::string>{"1", "2"});
}

TEST_CASE("experiment: the text is kept as it was read") {
  const std::string text = good + "# the end\n";
  CHECK(parse(text).text == text);
}

TEST_CASE("experiment: the experiments that ship are right") {
  for (const auto& file : std::filesystem::directory_iterator(source_dir() + "/experiments"))
    if (file.path().extension() == ".yaml") {
      INFO(file.path());
      CHECK(read_failure(file.path().string()) == "nothing");
    }
}

TEST_CASE("experiment: the example of the reference is right") {
  std::ifstream file(source_dir() + "/experiments/README.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  const size_t begin = page.find("```yaml\n") + 8;
  CHECK(mistakes(page.substr(begin, page.find("```", begin) - begin)) == "nothing");
}

// ---- The file --------------------------------------------------------------------------------------------

TEST_CASE("experiment: a missing file is told with the reason") {
  CHECK(read_failure("no/such/file.yaml") ==
        "no/such/file.yaml: cannot be read (No such file or directory); right is the path of a YAML file");
}

TEST_CASE("experiment: a folder is not taken for a file") {
  CHECK(read_failure("/") == "/: this is a folder; right is a YAML file");
}

TEST_CASE("experiment: a file too large to be an experiment is refused") {
  const TemporaryFile file(std::string((1 << 20) + 1, '#'));
  CHECK(read_failure(file.path()) == file.path() + ": larger than 1024 KiB; right is an experiment");
}

TEST_CASE("experiment: an empty file is told as such, and so is one of comments") {
  const std::string message =
      "x.yaml:1:1: the file is empty; right is an experiment, see experiments/README.md";
  CHECK(mistakes("") == message);
  CHECK(mistakes("# nothing yet\n") == message);
}

TEST_CASE("experiment: a tab that indents is told with its line") {
  CHECK(mistakes("experiment: x\naxes:\n\tmodel: mlp\n") ==
        "x.yaml:3:1: a tab indents this line; right is spaces");
}

TEST_CASE("experiment: a line that is not UTF-8 is told with its place") {
  CHECK(mistakes(good + std::string("# caf\xe9\n")) ==
        "x.yaml:3:1: this line is not UTF-8; right is plain UTF-8");
}

TEST_CASE("experiment: a character that is no text is told with its place") {
  CHECK(mistakes(good + std::string("gate:\x04 {}\n")) ==
        "x.yaml:3:6: character 0x04 is no text; right is plain UTF-8");
}

// What is wrong is in yaml-cpp's words, which change with its version.
TEST_CASE("experiment: an error of YAML itself is told with its place") {
  CHECK_THAT(mistakes("experiment: x\naxes: {model: [mlp}\n"),
             ContainsSubstring("x.yaml:2:19: this is not YAML: ") &&
                 ContainsSubstring("; check indentation, brackets, quotes and colons"));
}

TEST_CASE("experiment: a second document is not dropped in silence, nor what follows a text") {
  const std::string message = "the experiment ends before this; right is one document a file";
  CHECK(mistakes(good + "---\nexperiment: y\n") == "x.yaml:3:1: " + message);
  CHECK(mistakes("- a\nexperiment: x\n") == "x.yaml:2:1: " + message);
  // yaml-cpp's own LoadAll loops here until memory ends.
  CHECK(mistakes("some words\n# and\n, more\n") == "x.yaml:3:1: " + message);
}

TEST_CASE("experiment: aliases that unfold without end are refused") {
  std::string text = "experiment: x\na0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = fmt::format("*a{}", i - 1);
    text += fmt::format("a{}: &a{} [{}]\n", i, i, fmt::join(std::vector<std::string>(10, before), ", "));
  }
  CHECK(mistakes(text) == "x.yaml:6:45: these aliases unfold without end; right is to write them out");
  CHECK(mistakes("experiment: &self [*self]\n") ==
        "x.yaml:1:20: this alias holds itself; right is to write it out");
}

TEST_CASE("experiment: nesting without sense is refused") {
  CHECK_THAT(mistakes("experiment: " + std::string(100, '[')),
             ContainsSubstring("this is nested too deep; right is fewer levels"));
}

TEST_CASE("experiment: a list is not taken for an experiment") {
  CHECK(mistakes("- experiment: x\n") ==
        "x.yaml:1:1: an experiment is a map; right is experiment: NAME and more");
}

// ---- Keys ------------------------------------------------------------------------------------------------

TEST_CASE("experiment: a missing name is told") {
  CHECK(mistakes("axes: {model: [mlp]}\n") ==
        "x.yaml:1:1: the experiment has no name; right is experiment: NAME");
  CHECK(mistakes("experiment:\naxes: {model: [mlp]}\n") ==
        "x.yaml:1:1: experiment has no value; right is a value, or no such key");
}

TEST_CASE("experiment: a name that could not be a file name is told") {
  CHECK(mistakes("experiment: ../x\naxes: {model: [mlp]}\n") ==
        "x.yaml:1:13: experiment '../x' does not fit; right is a name of letters, digits, '.', '_' and '-'");
}

TEST_CASE("experiment: a missing model is told, in the axes and in an included entry") {
  const std::string message =
      "no model is given; right is model: NAME in axes, zip, fixed or the entry of include";
  CHECK(mistakes("experiment: x\naxes: {batch: [1]}\n") == "x.yaml:1:1: " + message);
  CHECK(mistakes(good + "include: [{batch: 2}]\n") == "x.yaml:3:11: " + message);
  CHECK(mistakes("experiment: x\nfixed: {model: mlp}\ninclude: [{batch: 2}]\n") == "nothing");
}

TEST_CASE("experiment: a default backend that was not built in is told") {
  try {
    parse_experiment(good, "x.yaml", {{"reference"}});
    FAIL("no mistake");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) ==
          "x.yaml:1:1: no backend is given, and the usual onednn is not in this build; known: reference");
  }
}

TEST_CASE("experiment: an unknown key is told with the one that was meant") {
  CHECK(mistakes(good + "exlude: []\n") ==
        "x.yaml:3:1: unknown key 'exlude'; did you mean 'exclude'? known: experiment, axes, zip, fixed, "
        "exclude, include, measure, limits, gate");
}

TEST_CASE("experiment: a misspelt key is not told as missing too") {
  CHECK(
      mistakes("experimnt: x\naxes: {modle: [mlp]}\n") ==
      "x.yaml:1:1: unknown key 'experimnt'; did you mean 'experiment'? known: experiment, axes, zip, fixed, "
      "exclude, include, measure, limits, gate\n"
      "x.yaml:2:8: unknown field 'modle'; did you mean 'model'? " +
          known_fields());
}

TEST_CASE("experiment: an unknown key of measure, of limits and of gate is told") {
  CHECK(mistakes(good + "measure: {warm_up: 3}\n") ==
        "x.yaml:3:11: unknown key of measure 'warm_up'; did you mean 'warmup'? known: warmup, min_samples, "
        "max_time, target_ci, interleave, allow");
  CHECK(mistakes(good + "limits: {time: 3s}\n") ==
        "x.yaml:3:10: unknown key of limits 'time'; known: timeout, memory, retries");
  CHECK(mistakes(good + "gate: {latency_p05: 3%}\n") ==
        "x.yaml:3:8: unknown metric 'latency_p05'; did you mean 'latency_p50'? " + known(gate_metrics()));
}

TEST_CASE("experiment: an unknown field is told in every section that names fields") {
  const std::string message = "unknown field 'precison'; did you mean 'precision'? " + known_fields();
  CHECK(mistakes("experiment: x\naxes:\n  model: mlp\n  precison: [fp32]\n") == "x.yaml:4:3: " + message);
  CHECK(mistakes(good + "fixed: {precison: fp32}\n") == "x.yaml:3:9: " + message);
  CHECK(mistakes(good + "exclude: [{precison: fp32}]\n") == "x.yaml:3:12: " + message);
  CHECK(mistakes(good + "include: [{model: mlp, precison: fp32}]\n") == "x.yaml:3:24: " + message);
  CHECK(mistakes(good + "zip: [{precison: [fp32]}]\n") == "x.yaml:3:8: " + message);
}

TEST_CASE("experiment: a key that stands twice is told with the first line") {
  CHECK(mistakes(good + "gate: {}\ngate: {}\n") ==
        "x.yaml:4:1: gate stands in line 3 already; right is once");
  CHECK(mistakes("experiment: x\naxes:\n  model: mlp\n  model: vgg16\n") ==
        "x.yaml:4:3: model stands in line 3 already; right is once");
}

TEST_CASE("experiment: a field that two sections set is told with the first") {
  CHECK(mistakes(good + "fixed: {precision: fp32}\n") ==
        "x.yaml:3:9: precision is set by axes in line 2 already; right is one of axes, zip and fixed");
  CHECK(mistakes(good + "zip: [{precision: [fp32], batch: [1]}]\n") ==
        "x.yaml:3:8: precision is set by axes in line 2 already; right is one of axes, zip and fixed");
  CHECK(mistakes(good + "zip: [{batch: [1, 2]}, {batch: [3, 4]}]\n") ==
        "x.yaml:3:25: batch is set by zip in line 3 already; right is one of axes, zip and fixed");
}

TEST_CASE("experiment: a section of the wrong shape is told with the right one") {
  CHECK(mistakes("experiment: x\naxes: [mlp]\nfixed: {model: mlp}\n") ==
        "x.yaml:2:7: axes is a map; right is model: VALUE");
  CHECK(mistakes(good + "exclude: {precision: int8}\n") ==
        "x.yaml:3:10: exclude is a list of maps; right is [{FIELD: VALUE, ...}, ...]");
  CHECK(mistakes(good + "exclude: [int8]\n") ==
        "x.yaml:3:11: an entry of exclude is a map with fields; right is {FIELD: VALUE, ...}");
  CHECK(mistakes(good + "exclude: [{}]\n") ==
        "x.yaml:3:11: an entry of exclude is a map with fields; right is {FIELD: VALUE, ...}");
  CHECK(mistakes("experiment: [x]\naxes: {model: [mlp]}\n") ==
        "x.yaml:1:13: experiment is a list here; right is one value");
  CHECK(mistakes(good + "measure: {interleave: precision}\n") ==
        "x.yaml:3:23: interleave is a list of fields; right is [precision, pruning]");
}

// ---- Values ----------------------------------------------------------------------------------------------

TEST_CASE("experiment: an unknown precision is told with its line and the known names") {
  CHECK(mistakes("experiment: x\naxes: {model: [mlp], precision: [fp32, fp23]}\n") ==
        "x.yaml:2:40: unknown precision 'fp23'; did you mean 'fp32'? known: fp32, bf16, fp16, int8");
}

TEST_CASE("experiment: an unknown model, backend, dataset or calibration is told with the known names") {
  CHECK(mistakes("experiment: x\naxes: {model: [resnet19]}\n") ==
        "x.yaml:2:16: unknown model 'resnet19'; did you mean 'resnet18'? " + known(models()));
  CHECK(mistakes(good + "fixed: {backend: onedn}\n") ==
        "x.yaml:3:18: unknown backend 'onedn'; did you mean 'onednn'? known: reference, onednn");
  CHECK(mistakes(good + "fixed: {dataset: minst}\n") ==
        "x.yaml:3:18: unknown dataset 'minst'; did you mean 'mnist'? " + known(datasets()));
  CHECK(mistakes(good + "fixed: {calibration: min-max}\n") ==
        "x.yaml:3:22: unknown calibration 'min-max'; did you mean 'minmax'? " + known(calibration_methods()));
}

TEST_CASE("experiment: a model may have an argument, which is checked at its place") {
  CHECK(parse("experiment: x\naxes: {model: [mlp:784-10, vgg16_cifar:0.5]}\n").axes.at(0).points.size() == 2);
  CHECK(mistakes("experiment: x\naxes: {model: [mlp, 'mlp:784-ten']}\n") ==
        "x.yaml:2:21: model 'mlp:784-ten': its widths do not fit; right is two or more, each 1 to 65536, "
        "such as "
        "784-128-64-10");
  CHECK(mistakes("experiment: x\nfixed: {model: 'resnet18:2'}\n") ==
        "x.yaml:2:16: model 'resnet18:2': resnet18 takes no argument; right is resnet18");
}

TEST_CASE("experiment: an ONNX file that is not there is told") {
  CHECK(mistakes("experiment: x\naxes: {model: [./mine.onnx]}\n") ==
        "x.yaml:2:16: model './mine.onnx': there is no such file; right is a path from where bitsweep is "
        "started");
}

TEST_CASE("experiment: pruning that does not fit is told, as text and as map") {
  CHECK(mistakes(good + "fixed: {pruning: 'magnitud:0.5'}\n") ==
        "x.yaml:3:18: unknown pruning method 'magnitud'; did you mean 'magnitude'? " +
            known(pruning_methods()));
  CHECK(mistakes(good + "fixed: {pruning: magnitude}\n") ==
        "x.yaml:3:18: pruning 'magnitude' lacks its ratio; right is none, or METHOD:RATIO such as "
        "magnitude:0.5");
  CHECK(
      mistakes(good + "fixed: {pruning: {method: none, ratio: 0.5}}\n") ==
      "x.yaml:3:18: pruning 'none:0.5' takes no ratio; right is none, or METHOD:RATIO such as magnitude:0.5");
  CHECK(mistakes(good + "fixed: {pruning: {method: magnitude, ratio: 1.5}}\n") ==
        "x.yaml:3:18: pruning ratio '1.5' does not fit; right is 0 or more and below 1, such as 0.5");
  CHECK(mistakes(good + "fixed: {pruning: {method: magnitude, ratio: 50%}}\n") ==
        "x.yaml:3:18: pruning ratio '50%' does not fit; right is 0 or more and below 1, such as 0.5");
  CHECK(mistakes(good + "fixed: {pruning: {ratio: 0.5}}\n") ==
        "x.yaml:3:18: pruning lacks its method; right is {method: magnitude, ratio: 0.5}");
  CHECK(mistakes(good + "fixed: {pruning: {metod: magnitude, ratio: 0.5}}\n") ==
        "x.yaml:3:19: unknown key of pruning 'metod'; did you mean 'method'? known: method, ratio");
}

TEST_CASE("experiment: a batch that is no whole number above zero is told") {
  for (const std::string batch : {"0", "-1", "many", "1.5", "1e3", "99999999999999999999"}) {
    CHECK(mistakes(good + "fixed: {batch: " + batch + "}\n") ==
          "x.yaml:3:16: batch '" + batch + "' does not fit; right is a whole number, 1 or more");
  }
}

TEST_CASE("experiment: threads and checkpoint that do not fit are told") {
  CHECK(mistakes(good + "fixed: {threads: all}\n") ==
        "x.yaml:3:18: threads 'all' does not fit; right is 1 to 1024, or physical");
  CHECK(mistakes(good + "fixed: {checkpoint: mlp.pt}\n") ==
        "x.yaml:3:21: checkpoint 'mlp.pt' is not known; right is auto, seeded, or a file ending in "
        ".safetensors");
}

TEST_CASE("experiment: an axis without a value is told") {
  CHECK(mistakes(good + "fixed:\n  batch:\n") ==
        "x.yaml:4:3: batch has no value; right is a value, or no such key");
  CHECK(mistakes("experiment: x\naxes: {model: []}\n") ==
        "x.yaml:2:15: model is an empty list; right is a value, or no such key");
}

TEST_CASE("experiment: a value that an axis repeats is told, however it is written") {
  CHECK(mistakes("experiment: x\naxes: {model: [mlp, vgg16, mlp]}\n") ==
        "x.yaml:2:28: model mlp is repeated; right is once");
  CHECK(mistakes("experiment: x\naxes: {model: mlp, pruning: ['magnitude:0.5', {method: magnitude, ratio: "
                 ".50}]}\n") == "x.yaml:2:47: pruning magnitude:0.5 is repeated; right is once");
}

TEST_CASE("experiment: a list where one value is due is told") {
  CHECK(mistakes(good + "fixed: {batch: [1, 2]}\n") ==
        "x.yaml:3:16: batch is fixed, so it has one value; right is a list under axes");
  CHECK(mistakes("experiment: x\naxes: {model: [[mlp]]}\n") ==
        "x.yaml:2:16: model is a list here; right is one value");
  CHECK(mistakes("experiment: x\naxes: {model: [{name: mlp}]}\n") ==
        "x.yaml:2:16: model is a map here; right is one value");
}

TEST_CASE("experiment: a bad zip is told") {
  CHECK(mistakes(good + "zip: [{batch: [1, 2], threads: [1]}]\n") ==
        "x.yaml:3:7: the lists of this zip have 1 and 2 values; right is one length");
  CHECK(mistakes(good + "zip: [{batch: 1}]\n") ==
        "x.yaml:3:15: batch in zip is no list of values; right is [VALUE, ...]");
  CHECK(mistakes(good + "zip: [{batch: [1, 1], threads: [2, 2]}]\n") ==
        "x.yaml:3:7: two points of this zip are the same; right is each once");
}

TEST_CASE("experiment: an exclusion without effect is told") {
  const std::string message = "this entry of exclude matches no run; right is to correct or remove it";
  CHECK_THAT(mistakes(good + "exclude: [{precision: bf16}]\nmeasure: {max_time: ten}\n"),
             ContainsSubstring("x.yaml:3:11: " + message + "\nx.yaml:4:21: "));
  CHECK(mistakes(good + "exclude: [{precision: bf16}]\n") == "x.yaml:3:11: " + message);
  CHECK(mistakes(good + "exclude: [{precision: int8}, {batch: 2}]\n") == "x.yaml:3:30: " + message);
  CHECK(mistakes(good + "exclude: [{precision: [bf16, int8], batch: 1}]\n") == "nothing");
  CHECK(mistakes(good + "zip: [{batch: [1, 2], threads: [1, 2]}]\nexclude: [{batch: 1, threads: 2}]\n") ==
        "x.yaml:4:11: " + message);
}

TEST_CASE("experiment: more than a million runs are told, and not made") {
  std::vector<int> many(1001);
  for (int i = 0; i < 1001; ++i) many[i] = i + 1;
  const std::string list = fmt::format("[{}]", fmt::join(many, ", "));
  CHECK(mistakes("experiment: x\naxes: {model: mlp, batch: " + list + ", seed: " + list + "}\n") ==
        "x.yaml:1:1: axes, zip and include cross to 1002001 runs; right is at most 1000000");
}

// ---- measure, limits, gate -------------------------------------------------------------------------------

TEST_CASE("experiment: a bad duration, count, percentage or size is told with the right form") {
  for (const std::string time : {"20", "0s", "-1s", "1 s", "20sec", "nans"})
    CHECK(mistakes(good + "measure: {max_time: " + time + "}\n") ==
          "x.yaml:3:21: max_time '" + time +
              "' is not a duration; right is a number above 0 with ms, s, min or h, such as 20s");
  for (const std::string count : {"-3", "2.5", "three"})
    CHECK(mistakes(good + "measure: {warmup: " + count + "}\n") ==
          "x.yaml:3:19: warmup '" + count + "' is not a whole number; right is 0 or more, such as 3");
  CHECK(mistakes(good + "measure: {min_samples: 0}\n") ==
        "x.yaml:3:24: min_samples '0' is not a whole number above 0; right is 1 or more, such as 30");
  for (const std::string share : {"0.01", "0%", "100%", "-1%"})
    CHECK(mistakes(good + "measure: {target_ci: " + share + "}\n") ==
          "x.yaml:3:22: target_ci '" + share +
              "' is not a percentage; right is above 0% and below 100%, such as 1%");
  for (const std::string size : {"8", "8GB", "0GiB", "-1GiB", "99999999TiB"})
    CHECK(mistakes(good + "limits: {memory: " + size + "}\n") ==
          "x.yaml:3:18: memory '" + size +
              "' is not a size; right is a number above 0 with B, KiB, MiB, GiB or TiB, such as 8GiB");
}

TEST_CASE("experiment: a timeout that is over before the measurement is told") {
  CHECK(mistakes(good + "limits: {timeout: 10s}\n") ==
        "x.yaml:3:19: timeout (10s) ends a run before max_time (20s) is over; right is a longer timeout or a "
        "shorter max_time");
  CHECK(mistakes(good + "measure: {max_time: 1h}\n") ==
        "x.yaml:3:21: timeout (600s) ends a run before max_time (3600s) is over; right is a longer timeout "
        "or a "
        "shorter max_time");
}

TEST_CASE("experiment: interleaving an unknown or repeated field is told") {
  CHECK(mistakes(good + "measure: {interleave: [precision, prunning]}\n") ==
        "x.yaml:3:35: unknown field 'prunning'; did you mean 'pruning'? " + known_fields());
  CHECK(mistakes(good + "measure: {interleave: [batch, batch]}\n") ==
        "x.yaml:3:31: batch is repeated; right is once");
}

TEST_CASE("experiment: a bad threshold is told, and points only where they have a meaning") {
  CHECK(mistakes(good + "gate: {latency_p50: 1pp}\n") ==
        "x.yaml:3:21: latency_p50 '1pp' is not a threshold; right is a relative change above 0% such as 3%");
  CHECK(mistakes(good + "gate: {top1: 0.5}\n") ==
        "x.yaml:3:14: top1 '0.5' is not a threshold; right is percentage points such as 0.5pp, or a relative "
        "change such as 3%");
}

// ---- Together --------------------------------------------------------------------------------------------

TEST_CASE("experiment: all mistakes are told at once, in the order of the file") {
  CHECK(mistakes("axes: {precision: [fp23], model: [mlp]}\nlimits: {retries: some}\nfixed: {batch: 0}\n") ==
        "x.yaml:1:1: the experiment has no name; right is experiment: NAME\n"
        "x.yaml:1:20: unknown precision 'fp23'; did you mean 'fp32'? known: fp32, bf16, fp16, int8\n"
        "x.yaml:2:19: retries 'some' is not a whole number; right is 0 or more, such as 3\n"
        "x.yaml:3:16: batch '0' does not fit; right is a whole number, 1 or more");
}
