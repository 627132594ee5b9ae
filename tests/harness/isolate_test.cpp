#include "harness/isolate.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include <unistd.h>

#include "harness/error.h"
#include "tests/catch.h"
#include "tests/places.h"

using namespace bitsweep;

namespace {

Order order_of(const std::vector<std::string>& models) {
  Order order;
  for (const std::string& model : models) {
    Run run;
    run.model = model;
    order.runs.push_back(run);
  }
  order.limits.timeout_s = 30;
  return order;
}

/// The results by model; each run must have exactly one.
std::map<std::string, Result> carry_out(const Order& order) {
  std::map<std::string, Result> results;
  execute_isolated(
      order, Machine{},
      [&](const Result& result) {
        INFO("run " << result.run.model);
        CHECK(results.emplace(result.run.model, result).second);
      },
      faulty_child());
  CHECK(results.size() == order.runs.size());
  return results;
}

}  // namespace

TEST_CASE("isolate: a run that crashes is failed with its signal, and the others of its block are ok") {
  const auto results = carry_out(order_of({"good", "segfault", "fine"}));
  CHECK(results.at("good").outcome == Outcome::ok);
  CHECK(results.at("fine").outcome == Outcome::ok);
  CHECK(results.at("segfault").outcome == Outcome::failed);
  CHECK_THAT(results.at("segfault").reason, ContainsSubstring("signal 11"));
}

TEST_CASE("isolate: what a dying run printed last is in its reason") {
  const auto results = carry_out(order_of({"abort-with-words"}));
  CHECK_THAT(results.at("abort-with-words").reason, ContainsSubstring("signal 6"));
  CHECK_THAT(results.at("abort-with-words").reason, ContainsSubstring("the tensor is made of cheese"));
}

TEST_CASE("isolate: a run that leaves by exit is failed with the exit code") {
  const auto results = carry_out(order_of({"exit", "good"}));
  CHECK(results.at("exit").outcome == Outcome::failed);
  CHECK_THAT(results.at("exit").reason, ContainsSubstring("code 7"));
  CHECK(results.at("good").outcome == Outcome::ok);
}

TEST_CASE("isolate: a run that hangs is killed at the timeout, and the others go on") {
  Order order = order_of({"good", "hang", "fine"});
  order.limits.timeout_s = 0.5;
  const auto results = carry_out(order);
  CHECK(results.at("hang").outcome == Outcome::timeout);
  CHECK_THAT(results.at("hang").reason, ContainsSubstring("0.5 s"));
  CHECK(results.at("good").outcome == Outcome::ok);
  CHECK(results.at("fine").outcome == Outcome::ok);
}

TEST_CASE("isolate: a run that wants more memory than the limit fails alone") {
  Order order = order_of({"devour", "good"});
  order.limits.memory_bytes = int64_t{1} << 30;
  const auto results = carry_out(order);
  CHECK(results.at("devour").outcome == Outcome::failed);
  CHECK(results.at("good").outcome == Outcome::ok);
}

TEST_CASE(
    "isolate: a run that crashes once is ok at its second try, and failed where retries are forbidden") {
  const auto file = std::filesystem::temp_directory_path() / ("bitsweep-test-" + std::to_string(getpid()));
  setenv("BITSWEEP_TEST_FILE", file.c_str(), 1);
  Order order = order_of({"segfault-once", "good"});
  SECTION("one retry") {
    CHECK(carry_out(order).at("segfault-once").outcome == Outcome::ok);
  }
  SECTION("none") {
    order.limits.retries = 0;
    CHECK(carry_out(order).at("segfault-once").outcome == Outcome::failed);
  }
  std::filesystem::remove(file);
}

TEST_CASE("isolate: a program that cannot be started is an error, not a result") {
  CHECK_THROWS_AS(execute_isolated(
                      order_of({"good"}), Machine{}, [](const Result&) {}, "/nonexistent/program"),
                  Error);
}

TEST_CASE("isolate: last words that are no UTF-8 arrive as text, and the others of the block are ok") {
  const auto results = carry_out(order_of({"babble", "good"}));
  CHECK(results.at("babble").outcome == Outcome::failed);
  CHECK_THAT(results.at("babble").reason, ContainsSubstring("half a letter: \xEF\xBF\xBD"));
  CHECK(results.at("good").outcome == Outcome::ok);
}

TEST_CASE("isolate: a run that needed a second attempt says so") {
  const auto file = std::filesystem::temp_directory_path() / ("bitsweep-again-" + std::to_string(getpid()));
  setenv("BITSWEEP_TEST_FILE", file.c_str(), 1);
  const Result result = carry_out(order_of({"segfault-once"})).at("segfault-once");
  std::filesystem::remove(file);
  REQUIRE(result.notes.size() == 1);
  CHECK_THAT(result.notes[0], ContainsSubstring("attempt 2"));
}
