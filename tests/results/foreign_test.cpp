#include "results/foreign.h"

#include <fstream>

#include "harness/error.h"
#include "results/query.h"
#include "tests/catch.h"
#include "tests/results/examples.h"
#include "tests/results/kept_file.h"

using namespace bitsweep;

namespace {

const char* const google_benchmark = R"({
  "context": {"date": "2026-11-25T13:30:00+01:00", "host_name": "node3", "executable": "./convolutions",
              "num_cpus": 8, "mhz_per_cpu": 2700, "library_build_type": "release"},
  "benchmarks": [
    {"name": "conv/64", "run_name": "conv/64", "run_type": "iteration", "repetitions": 2, "repetition_index": 0,
     "threads": 1, "iterations": 100, "real_time": 10.0, "cpu_time": 9.0, "time_unit": "us", "zeros": 0.5},
    {"name": "conv/64", "run_name": "conv/64", "run_type": "iteration", "repetitions": 2, "repetition_index": 1,
     "threads": 1, "iterations": 100, "real_time": 12.0, "cpu_time": 11.0, "time_unit": "us", "zeros": 0.5},
    {"name": "conv/64_mean", "run_name": "conv/64", "run_type": "aggregate", "aggregate_name": "mean",
     "real_time": 999.0, "cpu_time": 999.0, "time_unit": "us"},
    {"name": "gemm", "iterations": 3, "real_time": 2.5, "cpu_time": 2.5, "time_unit": "ms"},
    {"name": "broken", "error_occurred": true, "error_message": "no such tensor", "iterations": 0, "real_time": 0,
     "cpu_time": 0, "time_unit": "ns"}]})";

const char* const perf_test = R"(Session creation time cost: 0.512 s
First inference time cost: 12 ms
Total inference time cost: 5.88053 s
Total inference requests: 1000
Average inference time cost: 5.88053 ms
Total inference run time: 5.88102 s
Number of inferences per second: 170.04
Avg CPU usage: 98 %
Peak working set size: 123456789 bytes
P50 Latency: 0.0587108 s
)";

const char* const loadgen = R"(================================================
MLPerf Results Summary
================================================
SUT name : PySUT
Scenario : SingleStream
Mode     : PerformanceOnly
90th percentile latency (ns) : 700060891
Result is : INVALID
  Min duration satisfied : Yes
  Early stopping satisfied: NO

================================================
Additional Stats
================================================
QPS w/ loadgen overhead         : 1.57
Mean latency (ns)               : 635649808
50.00 percentile latency (ns)   : 632335750
)";

const char* const offline =
    "MLPerf Results Summary\nSUT name : PySUT\nScenario : Offline\nMode     : PerformanceOnly\n"
    "Samples per second: 410.191\nResult is : VALID\nMean latency (ns)  : 1236473032\n";

std::string write(const examples::TemporaryFolder& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder.file(name)) << text;
  return folder.file(name);
}

std::string cell(const std::string& path, const std::string& column, const std::string& filter) {
  Query query;
  query.filters = {filter};
  query.columns = {column};
  query.session = "all";
  const Rows rows = read_results(path, query);
  if (rows.cells.size() != 1) return std::to_string(rows.cells.size()) + " rows";
  const Cell& value = rows.cells[0][0];
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? std::to_string(*number) : std::get<std::string>(value);
}

}  // namespace

TEST_CASE("import: Google Benchmark's repetitions become samples, its aggregates do not") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const Imported imported =
      import_file(path, write(folder, "b.json", google_benchmark), "google-benchmark", "", {});
  CHECK(imported.results == 3);
  CHECK(cell(path, "latency_mean", "model=conv/64") == "11000.000000");
  CHECK(cell(path, "cpu_time", "model=conv/64") == "10000.000000");
  CHECK(cell(path, "counter_zeros", "model=conv/64") == "0.500000");
  CHECK(cell(path, "latency_mean", "model=gemm") == "2500000.000000");
  CHECK(cell(path, "reason", "outcome=failed") == "no such tensor");
  CHECK(cell(path, "started", "model=gemm") == "2026-11-25T12:30:00Z");
  CHECK(cell(path, "host", "model=gemm") == "node3");
  CHECK(examples::text(path, "select group_concat(ns) from samples where result = 1") == "10000,12000");
}

TEST_CASE("import: what onnxruntime_perf_test prints is taken with its units") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  import_file(path, write(folder, "mine.txt", perf_test), "onnxruntime-perf-test", "",
              {"precision=int8", "batch=4"});
  const std::string mine = "model=mine";
  CHECK(cell(path, "latency_mean", mine) == "5880530.000000");
  CHECK(cell(path, "latency_p50", mine) == "58710800.000000");
  CHECK(cell(path, "load_time", mine) == "512000000.000000");
  CHECK(cell(path, "first_inference", mine) == "12000000.000000");
  CHECK(cell(path, "inferences_per_second", mine) == "170.040000");
  CHECK(cell(path, "precision", "batch=4") == "int8");
}

TEST_CASE("import: LoadGen's verdict is the outcome, and only SingleStream has a latency") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  import_file(path, write(folder, "single.txt", loadgen), "mlperf-loadgen", "", {});
  import_file(path, write(folder, "offline.txt", offline), "mlperf-loadgen", "other", {});
  CHECK(cell(path, "reason", "model=PySUT:SingleStream") ==
        "LoadGen calls the result INVALID, Early stopping satisfied: NO");
  CHECK(cell(path, "latency_p50", "model=PySUT:SingleStream") == "632335750.000000");
  CHECK(cell(path, "outcome", "model=PySUT:Offline") == "ok");
  CHECK(cell(path, "samples_per_second", "model=PySUT:Offline") == "410.191000");
  CHECK(cell(path, "query_latency_mean", "model=PySUT:Offline") == "1236473032.000000");
  CHECK(examples::number(path, "select count(*) from metrics where name like 'latency%'") == 2);
}

TEST_CASE("import: foreign results are in series and an experiment of their own") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  const std::string before =
      examples::text(path, "select group_concat(run) from (select run from results order by id)");
  import_file(path, write(folder, "mlp.txt", perf_test), "onnxruntime-perf-test", "", {});
  CHECK(cell(path, "experiment", "backend=onnxruntime-perf-test") == "import:onnxruntime-perf-test");
  CHECK(examples::number(path,
                         "select count(*) from results where run in (select run from results "
                         "group by run having count(*) > 1)") == 0);
  CHECK(examples::text(path,
                       "select group_concat(run) from (select run from results where id < 10 order by id)") ==
        before);
}

TEST_CASE("import: the same file again changes nothing") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite"), file = write(folder, "mlp.txt", perf_test);
  const Imported first = import_file(path, file, "onnxruntime-perf-test", "", {});
  const Imported again = import_file(path, file, "onnxruntime-perf-test", "", {});
  CHECK(again.known);
  CHECK(again.session == first.session);
  CHECK(examples::number(path, "select count(*) from results") == 1);
}

TEST_CASE("import: a file or field that does not fit is refused, and nothing is stored") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite"), good = write(folder, "good.json", google_benchmark);
  const auto refusal = [&](const std::string& file, const std::string& format,
                           const std::vector<std::string>& fields) {
    try {
      import_file(path, file, format, "", fields);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  CHECK_THAT(refusal(folder.file("missing"), "google-benchmark", {}), ContainsSubstring("cannot be read"));
  CHECK_THAT(refusal(good, "xml", {}), ContainsSubstring("known: google-benchmark"));
  CHECK_THAT(refusal(good, "google-benchmark", {"backend=onednn"}), ContainsSubstring("other than backend"));
  CHECK_THAT(refusal(good, "google-benchmark", {"precision=fp23"}), ContainsSubstring("fp23"));
  CHECK_THAT(refusal(good, "google-benchmark", {"model=x"}), ContainsSubstring("would be the same run"));
  CHECK_THAT(refusal(good, "mlperf-loadgen", {}), ContainsSubstring("right is mlperf_log_summary.txt"));
  CHECK_THAT(refusal(good, "onnxruntime-perf-test", {}), ContainsSubstring("Total inference requests"));
  for (const char* text : {"", "{", "[]", "3", "{\"benchmarks\": [{}]}", "{\"benchmarks\": [{\"name\": 3}]}",
                           "{\"benchmarks\": []}", "{\"benchmarks\": [{\"name\": \"a\"}]}",
                           "{\"benchmarks\": [{\"name\": \"a\", \"real_time\": 1, \"time_unit\": \"h\"}]}"}) {
    INFO(text);
    CHECK_THAT(refusal(write(folder, "bad.json", text), "google-benchmark", {}),
               ContainsSubstring("bad.json: "));
  }
  CHECK_THAT(refusal(write(folder, "bad.txt", "Total inference requests: 3\nP50 Latency: soon\n"),
                     "onnxruntime-perf-test", {}),
             ContainsSubstring("bad.txt: 'P50 Latency: soon'; right is a number"));
  CHECK(!std::filesystem::exists(path));
}
