#include "results/query.h"

#include "harness/error.h"
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
                    "there is no session '9'; right is latest, all, or a number from 1 to 3");
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
