#include "harness/queue.h"

#include "tests/catch.h"

using namespace bitsweep;

namespace {

Run run_of(int64_t batch) {
  Run run;
  run.model = "mlp";
  run.batch = batch;
  return run;
}

}  // namespace

TEST_CASE("queue: every block is handed out once, in order") {
  Queue queue({{{run_of(1), run_of(2)}}, {{run_of(3)}}}, {}, {}, {});
  CHECK(queue.runs_queued() == 3);
  CHECK(queue.next(1)->runs.size() == 2);
  CHECK(queue.next(2)->runs == std::vector<Run>{run_of(3)});
  CHECK_FALSE(queue.next(1));
}

TEST_CASE("queue: finished runs are left out, and a block of which nothing remains is not handed out") {
  Queue queue({{{run_of(1), run_of(2)}}, {{run_of(3)}}}, {}, {}, {run_id(run_of(1)), run_id(run_of(3))});
  CHECK(queue.next(1)->runs == std::vector<Run>{run_of(2)});
  CHECK_FALSE(queue.next(1));
}

TEST_CASE("queue: what a lost worker had not delivered goes to another") {
  Queue queue({{{run_of(1), run_of(2)}}}, {}, {}, {});
  REQUIRE(queue.next(1));
  queue.deliver(1, run_of(1));
  queue.lose(1);
  CHECK(queue.next(2)->runs == std::vector<Run>{run_of(2)});
  queue.deliver(2, run_of(2));
  queue.lose(2);
  CHECK_FALSE(queue.next(3));
}
