#include "harness/caches.h"

#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("caches: each pass of the evictor writes twice what the caches hold") {
  CacheEvictor evictor;
  CHECK(evictor.bytes_written() == 0);
  evictor.evict(2);
  CHECK(evictor.bytes_written() >= 2 * cache_bytes());
  evictor.evict(1);
  CHECK(evictor.bytes_written() >= 4 * cache_bytes());
}
