#include "harness/streams.h"

#include <atomic>
#include <set>
#include <stdexcept>

#include "harness/denormals.h"
#include "tests/catch.h"

using namespace bitsweep;

TEST_CASE("streams: each round, every stream does its inferences, in a thread of its own") {
  std::vector<int> done(3);
  std::vector<std::thread::id> threads(3);
  std::vector<std::function<void()>> steps;
  for (size_t stream = 0; stream < 3; ++stream)
    steps.push_back([&, stream] { ++done[stream], threads[stream] = std::this_thread::get_id(); });
  Streams streams(std::move(steps), 1, 10);
  CHECK(streams.inferences_a_round() == 30);
  for (int round = 1; round <= 50; ++round) {
    streams.round();
    CHECK(done == std::vector<int>(3, 10 * round));
  }
  CHECK(std::set(threads.begin(), threads.end()).size() == 3);
}

TEST_CASE("streams: streams run at the same time") {
  std::atomic<int> inside = 0;
  const auto wait_for_the_other = [&] {
    ++inside;
    while (inside < 2) std::this_thread::yield();  // for ever, if they ran one after the other
  };
  Streams(std::vector<std::function<void()>>(2, wait_for_the_other), 1, 1).round();
  CHECK(inside == 2);
}

TEST_CASE("streams: what a stream throws ends its round, and the next round is as usual") {
  int calls = 0;
  Streams streams({[&] {
                     if (++calls == 5) throw std::runtime_error("the fifth");
                   },
                   [] {}},
                  1, 4);
  streams.round();
  CHECK_THROWS_WITH(streams.round(), "the fifth");
  streams.round();
  CHECK(calls == 9);
}

TEST_CASE("streams: denormal numbers are flushed in every stream") {
  std::atomic<int> flushing = 0;
  const auto look = [&] { flushing += threads_that_flush(2); };
  Streams(std::vector<std::function<void()>>(2, look), 2, 1).round();
  CHECK(flushing == 4);
}
