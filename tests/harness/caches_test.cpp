#include "harness/caches.h"

#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("caches: each pass of the evictor writes twice what the caches hold") {
  CacheEvictor evictor;
  CHECK(evictor.evict(2) >= 2 * cache_bytes());
  CHECK(evictor.evict(1) >= 2 * cache_bytes());
}
