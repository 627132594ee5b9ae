#include "harness/placement.h"

#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("placement: sets that are disjoint already stay") {
  const std::vector<CoreSet> allowed = {{0, 1}, {4, 5}};
  CHECK(share_cores(allowed, {0, 1, 2, 3, 4, 5}) == allowed);
}

TEST_CASE("placement: workers that may all use every core get equal contiguous shares") {
  const CoreSet all = {0, 1, 2, 3, 4, 5};
  CHECK(share_cores({all, all, all}, {0, 1, 2, 3, 4, 5}) == std::vector<CoreSet>{{0, 1}, {2, 3}, {4, 5}});
}

TEST_CASE("placement: the two threads of a core go to one worker") {
  const CoreSet all = {0, 1, 2, 3};  // 0 and 2 are one core, 1 and 3 the other
  CHECK(share_cores({all, all}, {0, 1, 0, 1}) == std::vector<CoreSet>{{0, 2}, {1, 3}});
}

TEST_CASE("placement: every worker gets a core, even if there are fewer cores than workers") {
  const CoreSet all = {0, 1};
  for (const CoreSet& share : share_cores({all, all, all}, {0, 1})) CHECK(share.size() == 1);
}

TEST_CASE("placement: this process can be bound to one of its cores and back") {
  const CoreSet before = allowed_cores();
  REQUIRE_FALSE(before.empty());
  bind_to({before.back()});
  CHECK(allowed_cores() == CoreSet{before.back()});
  bind_to(before);
  CHECK(allowed_cores() == before);
}
