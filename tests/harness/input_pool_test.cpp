#include "harness/input_pool.h"

#include <set>
#include <stdexcept>

#include "tests/catch.h"

using namespace bitsweep;

namespace {

/// Image i has the values 2i and 2i + 1.
Samples images(int64_t count) {
  Samples samples{{1, 1, 2}, count, {}, {}, {}};
  for (int64_t i = 0; i < 2 * count; ++i) samples.values.push_back(static_cast<float>(i));
  return samples;
}

}  // namespace

TEST_CASE("input pool: small data is copied until no batch comes from a cache, and the images stay in turn") {
  const Samples samples = images(5);
  const InputPool pool(samples, 2, 1000);
  CHECK(pool.distinct() == 2);  // the fifth image fills no batch
  CHECK(pool.size() == 64);     // 32 copies of 32 bytes
  CHECK(pool.bytes() >= 1000);
  std::set<const float*> addresses;
  for (int64_t i = 0; i < pool.size(); ++i) {
    addresses.insert(pool[i].data());
    CHECK(pool[i].size() == 4);
    CHECK(pool[i][0] == (i % 2 == 0 ? 0.0F : 4.0F));
    CHECK(pool[i][3] == (i % 2 == 0 ? 3.0F : 7.0F));
  }
  CHECK(addresses.size() == 64);
  CHECK(pool[pool.size()].data() == pool[0].data());
}

TEST_CASE("input pool: data that is large enough is not copied") {
  const Samples samples = images(8);
  const InputPool pool(samples, 4, 64);
  CHECK(pool.size() == 2);
  CHECK(pool[1].data() == samples.values.data() + 8);
}

TEST_CASE("input pool: fewer images than a batch are refused") {
  CHECK_THROWS_AS(InputPool(images(3), 4, 64), std::invalid_argument);
}
