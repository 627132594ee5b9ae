#include "results/export.h"

#include <sstream>

#include <nlohmann/json.hpp>

#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;
using nlohmann::json;

namespace {

std::string exported(const std::string& path, const std::string& format, const Query& query = {}) {
  std::ostringstream out;
  export_results(path, query, format, out);
  return out.str();
}

}  // namespace

TEST_CASE("export: JSON and JSON Lines hold whole results, which read as what was stored") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Result stored = examples::ok(examples::run("mlp", Precision::int8, 16), 1e6);
  stored.explanation = {"2.00x the speed of fp32"};
  stored.layers[0].isa = "avx512_core_amx";
  {
    Store store(path, Access::read_write);
    store.add(store.begin_session(examples::experiment(), 1), stored);
  }
  const json all = json::parse(exported(path, "json"));
  REQUIRE(all.size() == 1);
  CHECK(all[0]["experiment"] == "resnet-precision");
  CHECK(all[0]["id"] == run_id(stored.run));
  CHECK(json::parse(exported(path, "jsonl")) == all[0]);
  Result read = all[0].get<Result>();
  const auto by_name = [](const Metric& a, const Metric& b) { return a.name < b.name; };
  std::sort(stored.metrics.begin(), stored.metrics.end(), by_name);
  CHECK(json(read) == json(stored));
}

TEST_CASE("export: CSV has every column and a row a result that the filters select") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  Query query;
  query.filters = {"model=mlp"};
  const std::string text = exported(path, "csv", query);
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  for (const char* column : {"streams", "sqnr", "top1", "host", "seconds"})
    CHECK_THAT(text, ContainsSubstring(column));
}

TEST_CASE("export: Google Benchmark's JSON has a repetition a sample, and at most 100") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const Result few = examples::ok(examples::run("mlp", Precision::int8), 1e6);
  Result many = examples::ok(examples::run("mlp", Precision::fp32), 1e6);
  many.samples_ns.clear();
  for (int64_t i = 0; i < 250; ++i) many.samples_ns.push_back(i);
  {
    Store store(path, Access::read_write);
    const int64_t session = store.begin_session(examples::experiment(), 3);
    store.add(session, few);
    store.add(session, many);
    store.add(session,
              examples::not_ok(examples::run("mlp", Precision::fp16), Outcome::unsupported, "no fp16"));
  }
  const json file = json::parse(exported(path, "google-benchmark"));
  CHECK(file["context"]["host_name"] == "node17");
  CHECK(file["benchmarks"].size() == 140);
  double sum = 0;
  for (const json& one : file["benchmarks"]) {
    if (one["name"] == "model=mlp") sum += one["real_time"].get<double>() * one["iterations"].get<double>();
    CHECK(one["time_unit"] == "ns");
    CHECK(one["cpu_time"] == one["real_time"]);
  }
  CHECK(std::abs(sum - 249.0 * 250 / 2) < 1e-6);
  for (const json& one : file["benchmarks"])
    if (one["name"] == "model=mlp/precision=int8" && one["repetition_index"] == 3)
      CHECK(one["real_time"] == static_cast<double>(few.samples_ns[3]));
}

TEST_CASE("export: a run that occurs twice cannot be told apart in Google Benchmark's JSON") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  for (int i = 0; i < 2; ++i) {
    Store store(path, Access::read_write);
    store.add(store.begin_session(examples::experiment(), 1),
              examples::ok(examples::run("mlp", Precision::fp32), 1e6));
  }
  Query query;
  query.session = "all";
  std::ostringstream out;
  CHECK_THROWS_WITH(export_results(path, query, "google-benchmark", out),
                    ContainsSubstring("right is one session"));
  CHECK_THROWS_WITH(export_results(path, query, "xml", out), ContainsSubstring("known: csv, json, jsonl"));
}
