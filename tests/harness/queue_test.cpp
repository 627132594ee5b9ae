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
  CHECK(queue.next()->runs.size() == 2);
  CHECK(queue.next()->runs == std::vector<Run>{run_of(3)});
  CHECK_FALSE(queue.next());
}

TEST_CASE("queue: finished runs are left out, and a block of which nothing remains is not handed out") {
  Queue queue({{{run_of(1), run_of(2)}}, {{run_of(3)}}}, {}, {}, {run_id(run_of(1)), run_id(run_of(3))});
  CHECK(queue.next()->runs == std::vector<Run>{run_of(2)});
  CHECK_FALSE(queue.next());
}
