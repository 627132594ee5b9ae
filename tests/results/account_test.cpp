#include "results/account.h"

#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

/// A database with one result that is explained, in session 1, and a later one of the same run in session 2.
class Explained {
 public:
  Explained() : path_(folder_.file("a.sqlite")), store_(path_, Store::Access::read_write) {
    Result result = examples::ok(examples::run("mlp", Precision::int8), 2e6);
    result.explanation = {"it is twice as fast", "10 % goes to conversions"};
    result.notes = {"disturbed: by the test"};
    result.evidence["threads"] = "2";
    result.layers[0].bound_ns = result.layers[0].time_ns / 4;
    result.layers[0].memory_bound = true;  // as older versions stored it, however far the roof was
    result.layers[1].bound_ns = result.layers[1].time_ns / 2;
    result.layers.push_back(result.layers[1]);
    result.layers[2].memory_bound = true;
    result.layers[2].time_ns /= 1.5;
    result.layers.push_back(result.layers[1]);
    result.layers[3].bound_ns = 0;
    result.layers[3].time_ns /= 2;
    id_ = run_id(result.run);
    store_.add(store_.begin_session(examples::experiment(), 2), result);
    store_.add(store_.begin_session(examples::experiment(), 2), examples::ok(result.run, 1e6));
    store_.add(2, examples::ok(examples::run("mlp", Precision::fp32), 1e6));
  }
  Account account(const std::string& run, const std::string& session) const {
    return read_account(path_, run, session);
  }
  const std::string& id() const { return id_; }

 private:
  examples::TemporaryFolder folder_;
  std::string path_, id_;
  Store store_;
};

}  // namespace

TEST_CASE("account: a result is told in full: why, notes, metrics, layers with their ceilings, evidence") {
  const Explained database;
  const Account account = database.account(database.id().substr(0, 6), "1");
  CHECK(account.software == "bitsweep 0.1.0 (abcdef012345), oneDNN 2.6.3");
  CHECK(account.session == 1);
  CHECK(account.explanation == std::vector<std::string>{"it is twice as fast", "10 % goes to conversions"});
  REQUIRE(account.layers.cells.size() == 4);
  CHECK(std::get<std::string>(account.layers.cells[0][0]) == "conv1");  // the longest
  CHECK(std::get<double>(account.layers.cells[0][9]) == Approx(25));
  CHECK(std::get<std::string>(account.layers.cells[0][10]) == "neither");  // a quarter of its roof
  CHECK(std::get<std::string>(account.layers.cells[1][10]) == "arithmetic");
  CHECK(std::get<std::string>(account.layers.cells[2][10]) == "memory");
  for (const size_t column : {9, 10})
    CHECK(std::holds_alternative<std::monostate>(account.layers.cells[3][column]));
  const std::string text = to_text(account, 1);
  for (const char* part :
       {"model=mlp precision=int8", "ok in session 1", "- it is twice as fast", "- disturbed: by the test",
        "latency_p50", "2.00 ms", "the longest 1 of", "threads"})
    CHECK_THAT(text, ContainsSubstring(part));
  CHECK_THAT(to_text(account, 0), !ContainsSubstring("the longest"));
}

TEST_CASE("account: without a session the latest result of the run is told") {
  const Explained database;
  for (const char* any : {"latest", "all"}) CHECK(database.account(database.id(), any).session == 2);
  CHECK(database.account(database.id(), "2").explanation.empty());
}

TEST_CASE("account: a run that is none, or several, or not in the session is told with what would be right") {
  const Explained database;
  const std::string fp32 = run_id(examples::run("mlp", Precision::fp32));
  CHECK_THROWS_WITH(database.account("zzz", "latest"),
                    ContainsSubstring("no result has a run 'zzz'; right is"));
  CHECK_THROWS_WITH(database.account("", "latest"), ContainsSubstring("no result has a run ''"));
  CHECK_THROWS_WITH(database.account(fp32, "1"), ContainsSubstring("has no result in session 1"));
  CHECK_THROWS_WITH(database.account(fp32, "7"), ContainsSubstring("there is no session '7'"));
}
