#include "results/query.h"

#include <algorithm>

#include "harness/error.h"
#include "results/database.h"
#include "results/sessions.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

/// "mlp/fp32 mlp/int8": model and precision of the rows found, in order.
std::string found(const std::string& database, Query query) {
  query.columns = {"model", "precision"};
  std::string text;
  for (const auto& row : read_results(database, query).cells)
    text += (text.empty() ? "" : " ") + std::get<std::string>(row[0]) + "/" + std::get<std::string>(row[1]);
  return text;
}

std::string found(const std::string& database, const std::vector<std::string>& filters) {
  Query query;
  query.filters = filters;
  return found(database, query);
}

std::vector<std::string> headings(const Rows& rows) {
  std::vector<std::string> names;
  for (const Heading& heading : rows.headings) names.push_back(heading.name);
  return names;
}

struct Filled {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  Filled() { examples::fill(path); }
};

}  // namespace

TEST_CASE_METHOD(Filled, "query: every filter operator selects what it says") {
  CHECK(found(path, std::vector<std::string>{"precision=bf16"}) == "resnet50/bf16");
  CHECK(found(path, std::vector<std::string>{"model=resnet50,vgg16", "precision=int8"}) ==
        "resnet50/int8 vgg16/int8");
  CHECK(found(path, std::vector<std::string>{"model!=mlp,vgg16"}) ==
        "resnet50/fp32 resnet50/bf16 resnet50/int8");
  CHECK(found(path, std::vector<std::string>{"outcome!=ok"}) == "mlp/fp16");
  CHECK(found(path, std::vector<std::string>{"batch=16", "precision=fp32"}) == "resnet50/fp32");
  CHECK(found(path, std::vector<std::string>{"batch>=16", "precision!=fp32"}) ==
        "resnet50/bf16 resnet50/int8");
  CHECK(found(path, std::vector<std::string>{"batch<16", "precision=int8"}) == "mlp/int8 vgg16/int8");
  CHECK(found(path, std::vector<std::string>{"batch>1", "precision=int8"}) == "resnet50/int8");
  CHECK(found(path, std::vector<std::string>{"top1<97.7"}) == "mlp/int8");
  CHECK(found(path, std::vector<std::string>{"top1<=97.81"}) == "mlp/fp32 mlp/int8");
  CHECK(found(path, std::vector<std::string>{"model~res*", "precision=fp32"}) == "resnet50/fp32");
  CHECK(found(path, std::vector<std::string>{"model~v*,m*", "precision=int8"}) == "mlp/int8 vgg16/int8");
  CHECK(found(path, std::vector<std::string>{"speedup>4"}) == "resnet50/int8");
  CHECK(found(path, std::vector<std::string>{"pruning=magnitude:0.5"}) == "mlp/fp32");
  CHECK(found(path, std::vector<std::string>{"started>=2026-03", "model=vgg16"}) == "vgg16/int8");
  CHECK(found(path, std::vector<std::string>{"started>2026-04"}).empty());
}

TEST_CASE_METHOD(Filled, "query: threads are compared as numbers; a word is neither more nor less") {
  CHECK(found(path, std::vector<std::string>{"threads>=2"}) == "mlp/fp32");
  CHECK(found(path, std::vector<std::string>{"threads>=10"}).empty());
  CHECK(found(path, std::vector<std::string>{"threads=physical", "model=vgg16"}) == "vgg16/int8");
}

TEST_CASE_METHOD(Filled, "query: a quantity may have its unit") {
  CHECK(found(path, std::vector<std::string>{"latency_p50<22us"}) == "mlp/int8");
  CHECK(found(path, std::vector<std::string>{"latency_p50>0.6s"}) == "resnet50/fp32");
  CHECK_THROWS_WITH(
      found(path, std::vector<std::string>{"latency_p50<2KiB"}),
      "filter latency_p50<2KiB: '2KiB' does not fit; right is a number in ns or us or µs or ms or "
      "s or min");
  CHECK_THROWS_WITH(found(path, std::vector<std::string>{"batch=many"}),
                    ContainsSubstring("right is a number"));
}

TEST_CASE_METHOD(Filled, "query: values are bound, not pasted") {
  CHECK(found(path, std::vector<std::string>{"model=x' or '1'='1"}).empty());
  CHECK_THROWS_WITH(found(path, std::vector<std::string>{"1=1) or (1=1"}),
                    ContainsSubstring("unknown column '1'"));
}

TEST_CASE_METHOD(Filled, "query: an unknown column is told with the known ones and a suggestion") {
  CHECK_THROWS_WITH(found(path, std::vector<std::string>{"precison=int8"}),
                    ContainsSubstring("unknown column 'precison'; did you mean 'precision'?") &&
                        ContainsSubstring("latency_p50"));
  Query query;
  query.columns = {"model", "top_1"};
  CHECK_THROWS_WITH(read_results(path, query), ContainsSubstring("did you mean 'top1'?"));
  query = {};
  query.order = "latency";
  CHECK_THROWS_WITH(read_results(path, query), ContainsSubstring("unknown column 'latency'"));
}

TEST_CASE_METHOD(Filled, "query: a text that is no filter is told what would be right") {
  for (const char* text : {"int8", "=int8", "precision!int8", ""}) {
    INFO(text);
    CHECK_THROWS_WITH(found(path, std::vector<std::string>{text}), ContainsSubstring("right is NAME=VALUE"));
  }
  CHECK_THROWS_WITH(found(path, std::vector<std::string>{"batch>=1,16"}),
                    ContainsSubstring("an order takes one value, not 2"));
}

TEST_CASE_METHOD(Filled, "query: the latest session of each experiment by default, one or all on request") {
  Query query;
  query.filters = {"model!=mlp"};
  CHECK(found(path, query) == "resnet50/fp32 resnet50/bf16 resnet50/int8 vgg16/int8");
  query.session = "1";
  CHECK(found(path, query) == "resnet50/fp32");
  query.session = "all";
  CHECK(found(path, query) == "resnet50/fp32 resnet50/fp32 resnet50/bf16 resnet50/int8 vgg16/int8");
  query = {};
  query.filters = {"session=1"};
  CHECK(found(path, query) == "resnet50/fp32");
  query.session = "9";
  CHECK_THROWS_WITH(found(path, query),
                    "there is no session '9'; right is latest, all, a number from 1 to 3, an experiment "
                    "(night, resnet-precision), NAME~N, or A..B");
}

TEST_CASE_METHOD(Filled, "query: order and limit") {
  Query query;
  query.order = "latency_p50:desc";
  query.limit = 2;
  CHECK(found(path, query) == "resnet50/fp32 resnet50/bf16");
  query.order = "top1";
  CHECK(found(path, query) == "mlp/int8 mlp/fp32");
  query.order = "top1:up";
  CHECK_THROWS_WITH(read_results(path, query), ContainsSubstring("right is COLUMN or COLUMN:desc"));
}

TEST_CASE_METHOD(Filled, "query: the default columns are those that tell something") {
  CHECK(headings(read_results(path, {})) ==
        std::vector<std::string>{"experiment", "session", "model", "precision", "pruning", "batch", "threads",
                                 "outcome", "latency_p50", "speedup", "throughput", "top1", "sqnr", "id",
                                 "reason"});
  Query query;
  query.filters = {"model=vgg16"};
  CHECK(headings(read_results(path, query)) ==
        std::vector<std::string>{"model", "precision", "outcome", "latency_p50", "throughput", "id"});
}

TEST_CASE("query: a speed-up stands with its interval, where it has one") {
  examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  {
    Store store(path, Access::read_write);
    Result result = examples::ok(examples::run("mlp", Precision::int8), 3'000);
    result.metrics.push_back({"speedup", 2, "x", Direction::higher_is_better});
    result.metrics.push_back({"speedup_low", 1.9, "x", Direction::higher_is_better});
    result.metrics.push_back({"speedup_high", 2.1, "x", Direction::higher_is_better});
    store.add(store.begin_session(examples::experiment(), 1), result);
  }
  const Rows rows = read_results(path, {});
  const std::vector<std::string> shown = headings(rows);
  const auto at = std::find(shown.begin(), shown.end(), "speedup");
  REQUIRE(shown.end() - at > 2);
  CHECK(std::vector(at, at + 3) == std::vector<std::string>{"speedup", "speedup_low", "speedup_high"});
  CHECK(rows.cells.at(0).at(at - shown.begin() + 1) == Cell(1.9));
}

TEST_CASE("query: a result that was disturbed is marked, and others are not") {
  examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const auto marks = [&] {
    const std::vector<std::string> shown = headings(read_results(path, {}));
    return std::count(shown.begin(), shown.end(), "disturbed") == 1;
  };
  {
    Store store(path, Access::read_write);
    const int64_t session = store.begin_session(examples::experiment(), 2);
    store.add(session, examples::ok(examples::run("mlp", Precision::fp32), 5'000));
    CHECK_FALSE(marks());
    Result disturbed = examples::ok(examples::run("mlp", Precision::int8), 3'000);
    disturbed.evidence["disturbed"] = "steal 4 %";
    store.add(session, disturbed);
  }
  CHECK(marks());
  CHECK(found(path, {"disturbed=yes"}) == "mlp/int8");
  CHECK(found(path, {"disturbed!=yes"}) == "mlp/fp32");
}

TEST_CASE_METHOD(Filled, "query: a percentile that no result has samples enough for is there, and empty") {
  Query query;
  query.filters = {"model=vgg16"};
  query.columns = {"latency_p999"};
  CHECK(read_results(path, query).cells == std::vector<std::vector<Cell>>{{Cell()}});
}

TEST_CASE_METHOD(Filled, "query: an empty answer says why where it can") {
  Query query;
  query.filters = {"precision=in8"};
  CHECK_THAT(why_empty(path, query), ContainsSubstring("unknown precision 'in8'; did you mean 'int8'?"));
  query.filters = {"model=mlp", "batch=99"};
  CHECK(why_empty(path, query) == "no result matches");
}

TEST_CASE("query: speed-up is against the unpruned fp32 run that is otherwise the same") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const auto add = [&](int64_t session, const char* calibration, Precision precision, int64_t batch,
                       double ns, const std::string& cpu = "one") {
    Run run = examples::run("mlp", precision, batch);
    run.calibration = calibration;
    Result result = examples::ok(run, ns);
    result.machine.cpu = cpu;
    store.add(session, result);
  };
  const int64_t other = store.begin_session(examples::experiment("other"), 1);
  const int64_t session = store.begin_session(examples::experiment(), 1);
  add(other, "minmax", Precision::fp32, 1, 9000);
  add(session, "minmax", Precision::fp32, 1, 1000);
  add(session, "minmax", Precision::int8, 1, 250);
  add(session, "entropy", Precision::int8, 1, 500);  // its fp32 run would be the same: that of minmax serves
  add(session, "minmax", Precision::int8, 2, 250);   // no baseline of this batch
  add(session, "entropy", Precision::fp32, 4, 1000, "another");
  add(session, "entropy", Precision::int8, 4, 250);  // the baseline ran elsewhere

  Query query;
  query.filters = {"precision=int8", "experiment=resnet-precision"};
  query.columns = {"batch", "speedup"};
  query.order = "batch";
  const Rows rows = read_results(path, query);
  REQUIRE(rows.cells.size() == 4);
  CHECK(std::get<double>(rows.cells[0][1]) == 2);  // entropy sorts before minmax
  CHECK(std::get<double>(rows.cells[1][1]) == 4);
  CHECK(rows.cells[2][1] == Cell());
  CHECK(rows.cells[3][1] == Cell());
}

TEST_CASE("query: an empty database answers with no rows") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store(path, Access::read_write);
  CHECK(read_results(path, {}).cells.empty());
  CHECK(why_empty(path, {}) == "no result matches");
}

TEST_CASE_METHOD(Filled, "query: sessions by experiment, by age and as a range") {
  const auto sessions = [&](const std::string& selector) {
    return Database(path, Access::read_only).use([&](SQLite::Database& sqlite) {
      return selected_sessions(sqlite, selector);
    });
  };
  using Ids = std::vector<int64_t>;
  CHECK(sessions("latest") == Ids{2, 3});
  CHECK(sessions("latest~1") == Ids{1});
  CHECK(sessions("resnet-precision") == Ids{2});
  CHECK(sessions("resnet-precision~1") == Ids{1});
  CHECK(sessions("2..3") == Ids{2, 3});
  CHECK(sessions("1..night") == Ids{3});
  CHECK(sessions("resnet-precision~1..resnet-precision") == Ids{1, 2});
  CHECK_THROWS_WITH(
      sessions("resnet-precision~2"),
      ContainsSubstring("there is no session") && ContainsSubstring("did you mean 'resnet-precision'?"));
  CHECK_THROWS_WITH(sessions("nihgt"), ContainsSubstring("did you mean 'night'?"));
  CHECK_THROWS_WITH(sessions("3..1"), ContainsSubstring("right is the earlier one first"));
  CHECK_THROWS_WITH(sessions("resnet-precision..night"), ContainsSubstring("these are two experiments"));
  CHECK_THROWS_WITH(sessions("1..latest"), ContainsSubstring("'latest' are 2 sessions"));
  CHECK_THROWS_WITH(sessions("1..9"), ContainsSubstring("there is no session '9'"));
}

TEST_CASE("query: a time chooses among all sessions; a day that is named belongs to the answer") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const auto add = [&](const char* model, const char* started) {
    Result result = examples::ok(examples::run(model, Precision::fp32), 1000);
    result.started = started;
    store.add(store.begin_session(examples::experiment(), 1), result);
  };
  add("first", "2026-02-27T23:59:59.999Z");
  add("second", "2026-02-28T00:00:00Z");
  add("third", "2026-03-01T04:30:59.5Z");
  const auto models = [&](const std::string& since, const std::string& until) {
    Query query;
    query.since = since;
    query.until = until;
    query.columns = {"model"};
    // 2026-03-01T04:31:00Z
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1772339460)};
    std::string text;
    for (const auto& row : read_results(path, query, now).cells) text += std::get<std::string>(row[0]) + " ";
    return text;
  };
  CHECK(models("2026-02-28", "") == "second third ");
  CHECK(models("", "2026-02-27") == "first ");
  CHECK(models("", "2026-02-28T00:00") == "first second ");
  CHECK(models("2026-03-01T04:30:59Z", "2026-03-01T04:30:59") == "third ");
  CHECK(models("1min", "") == "third ");
  CHECK(models("28h", "") == "third ");
  CHECK(models("29h", "") == "first second third ");
  CHECK(models("1w", "28h") == "first second ");
  for (const char* wrong : {"yesterday", "2026-02-30", "2026-13-01", "2026-1-1", "30", "d", "-3d",
                            "2026-02-28T25:00", "2026-02-28T10", "9999999w", "2026-02-28 10:00"}) {
    INFO(wrong);
    CHECK_THROWS_WITH(models(wrong, ""), ContainsSubstring("right is so long ago"));
  }
}

namespace {

/// A database of one session with these median latencies at batches 1, 2, ..., of one model.
struct Latencies {
  examples::TemporaryFolder folder;
  std::string path = folder.file("a.sqlite");
  Latencies() {
    Store store(path, Access::read_write);
    const int64_t session = store.begin_session(examples::experiment(), 1);
    int64_t batch = 0;
    for (const double latency_ns : {400., 100., 200., 800.})
      store.add(session, examples::ok(examples::run("mlp", Precision::fp32, ++batch), latency_ns));
    store.add(session, examples::ok(examples::run("mlp", Precision::int8, 1), 100));
    store.add(session, examples::ok(examples::run("mlp", Precision::int8, 9), 70));
    Result elsewhere = examples::ok(examples::run("mlp", Precision::int8, 2), 10);
    elsewhere.machine.cpu = "another";
    store.add(session, elsewhere);
    store.add(session, examples::not_ok(examples::run("mlp", Precision::bf16), Outcome::failed, "no"));
  }
  Rows ask(const std::vector<std::string>& groups, const std::vector<std::string>& columns,
           const std::string& order = "", const std::vector<std::string>& relative_to = {}) {
    Query query;
    query.group_by = groups;
    query.columns = columns;
    query.order = order;
    query.relative_to = relative_to;
    return read_results(path, query);
  }
};

}  // namespace

TEST_CASE_METHOD(Latencies, "query: groups have count, median, percentiles, geometric mean and best") {
  const Rows rows = ask(
      {"precision"}, {"count", "median(latency_p50)", "p75(latency_p50)", "p75.1(latency_p50)",
                      "geomean(latency_p50)", "best(latency_p50)", "best(throughput)", "max(latency_p50)"});
  REQUIRE(rows.cells.size() == 3);
  const auto& fp32 = rows.cells[0];
  CHECK(fp32[0] == Cell("fp32"));
  CHECK(fp32[1] == Cell(int64_t{4}));
  CHECK(fp32[2] == Cell(300.));  // the mean of 200 and 400
  CHECK(fp32[3] == Cell(400.));  // the third of four
  CHECK(fp32[4] == Cell(800.));
  CHECK(std::get<double>(fp32[5]) == Approx(282.842712));  // the fourth root of 400 100 200 800
  CHECK(fp32[6] == Cell(100.));                            // of a latency the lowest
  CHECK(fp32[7] == Cell(2e7));                             // of a throughput the highest: 2 images in 100 ns
  CHECK(fp32[8] == Cell(800.));
  CHECK(rows.headings[2].unit == "ns");
  CHECK(rows.cells[1][0] == Cell("bf16"));  // as precisions are ordered, not as the alphabet is
  CHECK(rows.cells[1][2] == Cell());        // no latency, no median
  CHECK(rows.cells[2][2] == Cell(70.));
}

TEST_CASE_METHOD(Latencies, "query: groups are sorted by what is asked; without a field all is one group") {
  CHECK(ask({"precision"}, {"count"}, "min(latency_p50)").cells[0][0] == Cell("int8"));
  CHECK(ask({"precision"}, {"count"}, "count:desc").cells[0][0] == Cell("fp32"));
  CHECK(ask({}, {"count", "best(latency_p50)"}).cells == std::vector<std::vector<Cell>>{{int64_t{8}, 10.}});
  CHECK(headings(ask({"model", "precision"}, {})) ==
        std::vector<std::string>{"model", "precision", "count", "median(latency_p50)", "best(latency_p50)",
                                 "geomean(speedup)"});
  Query none;
  none.filters = {"batch=77"};
  none.columns = {"count"};
  CHECK(read_results(path, none).cells.empty());
}

TEST_CASE_METHOD(Latencies, "query: mistakes in groups are told with what would be right") {
  CHECK_THROWS_WITH(ask({"precision"}, {"batch"}), ContainsSubstring("right is --group-by batch"));
  CHECK_THROWS_WITH(ask({}, {"count", "batch"}), ContainsSubstring("right is --group-by batch"));
  CHECK_THROWS_WITH(ask({"precison"}, {}), ContainsSubstring("did you mean 'precision'?"));
  CHECK_THROWS_WITH(ask({}, {"meidan(latency_p50)"}), ContainsSubstring("did you mean 'median'?"));
  CHECK_THROWS_WITH(ask({}, {"p0(latency_p50)"}), ContainsSubstring("NN above 0, at most 100"));
  CHECK_THROWS_WITH(ask({}, {"p101(latency_p50)"}), ContainsSubstring("unknown function"));
  CHECK_THROWS_WITH(ask({}, {"median(latency)"}), ContainsSubstring("unknown column 'latency'"));
  CHECK_THROWS_WITH(ask({}, {"median(latency_p50"}), ContainsSubstring("FUNCTION(COLUMN)"));
  CHECK_THROWS_WITH(ask({}, {"median(model)"}), ContainsSubstring("model holds no numbers"));
  CHECK_THROWS_WITH(ask({}, {"best(parameters)"}), ContainsSubstring("right is min(parameters)"));
  CHECK_THROWS_WITH(ask({"precision"}, {"count"}, "batch"), ContainsSubstring("unknown column 'batch'"));
}

TEST_CASE_METHOD(Latencies, "query: a ratio is to the run that is equal but for the baseline's fields") {
  const Rows rows = ask({}, {"precision", "batch", "latency_p50"}, "", {"precision=fp32"});
  REQUIRE(headings(rows) ==
          std::vector<std::string>{"precision", "batch", "latency_p50", "latency_p50_ratio"});
  const auto ratio = [&](const char* precision, int64_t batch) {
    for (const auto& row : rows.cells)
      if (row[0] == Cell(precision) && row[1] == Cell(batch)) return row[3];
    throw std::out_of_range("no such row");
  };
  CHECK(ratio("fp32", 4) == Cell(1.));
  CHECK(ratio("int8", 1) == Cell(0.25));
  CHECK(ratio("int8", 9) == Cell());  // there is no fp32 run of this batch
  CHECK(ratio("int8", 2) == Cell());  // it ran on another class of machine
  CHECK(ratio("bf16", 1) == Cell());  // it failed
}

TEST_CASE_METHOD(Latencies,
                 "query: the baseline needs not be among the rows; ratios can be filtered and grouped") {
  Query query;
  query.filters = {"precision=int8", "latency_p50_ratio<0.5"};
  query.relative_to = {"precision=fp32"};
  query.columns = {"batch", "latency_p50_ratio"};
  CHECK(read_results(path, query).cells == std::vector<std::vector<Cell>>{{int64_t{1}, 0.25}});
  const Rows fourth = ask({"precision"}, {"geomean(latency_p50_ratio)"}, "", {"batch=1"});
  CHECK(std::get<double>(fourth.cells[0][1]) == Approx(0.70710678));  // the fourth root of 1, 1/4, 1/2, 2
}

TEST_CASE("query: fp32 that was measured with another calibration method is a baseline too") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Store store(path, Access::read_write);
  const int64_t session = store.begin_session(examples::experiment(), 1);
  const auto add = [&](Precision precision, const char* calibration, double latency_ns) {
    Run run = examples::run("mlp", precision);
    run.calibration = calibration;
    store.add(session, examples::ok(run, latency_ns));
  };
  add(Precision::fp32, "minmax", 100);
  add(Precision::int8, "minmax", 50);
  add(Precision::int8, "entropy", 25);
  Query query;
  query.columns = {"latency_p50_ratio"};
  query.filters = {"calibration=entropy"};
  query.relative_to = {"precision=fp32"};
  CHECK(read_results(path, query).cells == std::vector<std::vector<Cell>>{{0.25}});
  query.relative_to = {"precision=int8", "calibration=minmax"};
  CHECK(read_results(path, query).cells == std::vector<std::vector<Cell>>{{0.5}});
}

TEST_CASE_METHOD(Latencies, "query: a baseline that is none is told what would be right") {
  CHECK_THROWS_WITH(ask({}, {"model"}, "", {"fp32"}), ContainsSubstring("such as precision=fp32"));
  CHECK_THROWS_WITH(ask({}, {"model"}, "", {"precison=fp32"}),
                    ContainsSubstring("did you mean 'precision'?"));
  CHECK_THROWS_WITH(ask({}, {"model"}, "", {"precision=fp33"}), ContainsSubstring("did you mean 'fp32'?"));
  CHECK_THROWS_WITH(ask({}, {"latency_p50_ratio"}), ContainsSubstring("unknown column 'latency_p50_ratio'"));
}
