#include "harness/denormals.h"

#include <thread>

#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("denormals: a thread that does not flush them is seen, and flushing reaches all OpenMP threads") {
  std::thread([] {  // a thread of its own: the setting stays
    CHECK(threads_that_flush(3) < 3);
    volatile float smallest = 1.2e-38F;
    CHECK(smallest / 4 > 0);
    flush_denormals(3);
    CHECK(threads_that_flush(3) == 3);
    CHECK(smallest / 4 == 0);
  })
      .join();
}
