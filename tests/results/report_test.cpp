#include "results/report.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/places.h"
#include "tests/results/examples.h"
#include "tests/results/made_up_sweep.h"

using namespace bitsweep;

namespace {

/// The text between the first `begin` and the next `end`.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  REQUIRE(from != text.npos);
  return text.substr(from + begin.size(), text.find(end, from) - from - begin.size());
}

/// The data of a page, as a browser finds it.
nlohmann::json embedded_data(const std::string& page) {
  return nlohmann::json::parse(between(page, R"(<script type="application/json" id="data">)", "</script>"));
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("report: the page holds every run of the session with all its evidence") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill_with_sweep(path);
  const auto data = embedded_data(report_page(report_data(path, "latest")));
  CHECK(data["sessions"].size() == 1);
  CHECK(data["sessions"][0]["executions"][0]["spec_path"] == "experiments/precision-and-pruning.yaml");
  CHECK(data["results"].size() == 44);
  for (const auto& result : data["results"]) {
    CHECK(data["machines"].contains(std::to_string(result["machine"].get<int>())));
    CHECK(data["software"].contains(std::to_string(result["software"].get<int>())));
    if (result["outcome"] != "ok") {
      CHECK(!result["reason"].get<std::string>().empty());
      continue;
    }
    CHECK(result["layers"].size() > 1);
    CHECK(result["metrics"].size() > 10);
    CHECK(result["samples"]["ns"].size() <= 1000);
    CHECK(result["samples"]["count"] >= result["samples"]["ns"].size());
    CHECK(!result["evidence"].empty());
  }
}

TEST_CASE("report: the session asked for is shown, by default the latest of each experiment") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  CHECK(report_data(path, "latest")["results"].size() == 8);
  CHECK(report_data(path, "1")["results"].size() == 1);
  CHECK(report_data(path, "all")["sessions"].size() == 3);
  CHECK_THROWS_WITH(report_data(path, "7"), ContainsSubstring("there is no session '7'"));
}

TEST_CASE("report: hostile names stay text") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const std::string hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>{{data}}";
  Store store(path, Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(hostile), 1);
  Result result = examples::ok(examples::run(hostile, Precision::int8), 1e6);
  result = examples::with(result, hostile, 1, hostile, Direction::neutral);
  result.layers[0].name = result.layers[0].implementation = hostile;
  result.notes.push_back(hostile);
  result.evidence[hostile] = hostile + "\xff";
  store.add(session, result);

  const std::string page = report_page(report_data(path, "latest"));
  CHECK(count(page, "alert(1)") > 5);
  CHECK(count(page, "<script>alert") == 0);
  CHECK(count(page, "<img") == 0);
  CHECK(embedded_data(page)["results"][0]["model"] == hostile);
}

TEST_CASE("report: the page loads nothing from elsewhere and keeps the licence of its chart library") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  const std::string page = report_page(report_data(path, "latest"));
  CHECK(count(page, "<script src") == 0);
  CHECK(count(page, "<link rel=\"stylesheet\"") == 0);
  CHECK(count(page, "@import") == 0);
  CHECK_THAT(page, ContainsSubstring("default-src 'none'"));
  CHECK_THAT(page, ContainsSubstring("Chart.js Contributors") &&
                       ContainsSubstring("THE SOFTWARE IS PROVIDED \"AS IS\""));
}

TEST_CASE("report: the page puts no text into itself but as text") {
  for (const char* file : {"words.js", "charts.js", "evidence.js", "report.js"}) {
    std::ifstream source(source_dir() + "/results/page/" + file);
    const std::string text(std::istreambuf_iterator<char>(source), {});
    REQUIRE(!text.empty());
    for (const char* way :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("}) {
      INFO(file << " " << way);
      CHECK(text.find(way) == text.npos);
    }
  }
}

TEST_CASE("report: it is written whole, into a folder made for it, and can be written again") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  examples::fill(path);
  for (int i = 0; i < 2; ++i) {
    const auto written = write_report(path, "latest", folder.path() / "new" / "report");
    CHECK(std::filesystem::file_size(written) > 200'000);
    CHECK(std::distance(std::filesystem::directory_iterator(written.parent_path()), {}) == 1);
  }
  CHECK_THROWS_WITH(write_report(path, "latest", path), ContainsSubstring("the report cannot be written"));
}

TEST_CASE("report: an empty database has nothing to report") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store(path, Access::read_write);
  CHECK_THROWS_WITH(report_data(path, "latest"), ContainsSubstring("there is no session to report"));
}
