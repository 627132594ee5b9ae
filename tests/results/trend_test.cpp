#include "results/trend.h"

#include <random>

#include "results/render.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

/// 30 sessions, from the 16th on 20 % slower and with another kernel in the first layer.
class Slowed {
 public:
  Slowed() : path_(folder_.file("slowed.sqlite")) {
    Store store(path_, Access::read_write);
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise(0, 0.01);
    for (int i = 0; i < 30; ++i) {
      const double level = i < 15 ? 2e6 : 2.4e6;
      Result result = examples::ok(examples::run("mlp", Precision::int8), level * (1 + noise(random)));
      if (i >= 15) result.layers[0].implementation = "ref:any";
      store.add(store.begin_session(examples::experiment("nightly"), 1), result);
    }
  }
  std::vector<Trend> trends(Method method = Method::own, const Query& query = {}) const {
    return read_trends(path_, query, {}, method);
  }
  const std::string& path() const { return path_; }

 private:
  examples::TemporaryFolder folder_;
  std::string path_;
};

}  // namespace

TEST_CASE("trend: a change is told where it is, with its size, its significance and what differs") {
  const Slowed slowed;
  const std::vector<Trend> trends = slowed.trends();
  REQUIRE(trends.size() == 1);  // throughput says nothing more than latency
  const Trend& trend = trends[0];
  CHECK(trend.history.metric == "latency_p50");
  CHECK(trend.shape == "level shift");
  REQUIRE(trend.turns.size() == 1);
  const Turn& turn = trend.turns[0];
  CHECK(turn.position == 15);
  CHECK(turn.before == Approx(2e6).epsilon(0.01));
  CHECK(turn.after == Approx(2.4e6).epsilon(0.01));
  CHECK(turn.p_value < 0.001);
  REQUIRE(turn.difference);
  CHECK(turn.difference->low < 0.4e6);
  CHECK(turn.difference->high > 0.4e6);
  REQUIRE_FALSE(turn.why.empty());
  CHECK_THAT(turn.why[0], ContainsSubstring("ref:any"));
  CHECK(trend.levels.front() == turn.before);
  CHECK(trend.levels.at(14) == turn.before);
  CHECK(trend.levels.at(15) == turn.after);
}

TEST_CASE("trend: the same history as Apache Otava finds it") {
  const Slowed slowed;
  const Trend trend = slowed.trends(Method::otava).at(0);
  REQUIRE(trend.turns.size() == 1);
  CHECK(trend.turns[0].position == 15);
  CHECK_FALSE(trend.turns[0].difference);
  CHECK(trend.turns[0].p_value < 0.001);
  CHECK(trend.levels.back() == Approx(2.4e6).epsilon(0.01));
}

TEST_CASE("trend: selectors are those of queries, and an unknown metric is told with the known") {
  const Slowed slowed;
  Query query;
  query.session = "nightly~14..nightly";
  const Trend later = slowed.trends(Method::own, query).at(0);
  CHECK(later.levels.size() == 15);
  CHECK(later.turns.empty());
  query.filters = {"model=vgg16"};
  CHECK(slowed.trends(Method::own, query).empty());
  CHECK_THROWS_WITH(read_trends(slowed.path(), {}, {"latency_p5"}, Method::own),
                    ContainsSubstring("did you mean 'latency_p50'?"));
}

TEST_CASE("trend: the page shows the newest sessions and all changes, and programs get a row a session") {
  const Slowed slowed;
  const std::vector<Trend> trends = slowed.trends();
  const auto render = [](const char* name) {
    return std::find_if(formats().begin(), formats().end(), [&](const auto& one) { return one.name == name; })
        ->render;
  };
  const std::string page = trend_page(trends, render("table"), false, 10);
  CHECK(std::count(page.begin(), page.end(), '\n') >= 1 + 1 + 10 + 2);
  CHECK_THAT(page, ContainsSubstring("30 sessions, level shift") && ContainsSubstring("session 16: 2.00 ms"));
  CHECK_THAT(page, ContainsSubstring("●") && ContainsSubstring("ref:any") && ContainsSubstring("p = "));
  CHECK(page.find("\n     20 ") == page.npos);
  CHECK_THAT(trend_page(trends, render("md"), true, 0), ContainsSubstring("### nightly: latency_p50 of"));

  const Rows rows = trend_rows(trends);
  CHECK(rows.cells.size() == 30);
  for (const auto& row : rows.cells) CHECK(row.size() == rows.headings.size());
  const auto column = [&](const char* name) {
    for (size_t i = 0; i < rows.headings.size(); ++i)
      if (rows.headings[i].name == name) return i;
    throw std::out_of_range(name);
  };
  CHECK(std::get<double>(rows.cells[15][column("change")]) == Approx(0.2).epsilon(0.1));
  CHECK(rows.cells[14][column("change")] == Cell());
}
