// A child process for the tests of isolation: what each run does to it is the run's "model".
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <new>
#include <thread>
#include <vector>

#include "harness/isolate.h"

namespace {

using namespace bitsweep;

/// Crashes the first time it is asked, not the second: `file` remembers.
void crash_once(const char* file) {
  if (std::ifstream(file).good()) return;
  std::ofstream(file) << "crashed";
  std::raise(SIGSEGV);
}

Result misbehave(const Run& run) {
  Result result;
  result.run = run;
  result.outcome = Outcome::ok;
  if (run.model == "segfault") std::raise(SIGSEGV);
  if (run.model == "segfault-once") crash_once(std::getenv("BITSWEEP_TEST_FILE"));
  if (run.model == "abort-with-words") {
    std::cerr << "the tensor is made of cheese" << std::endl;
    std::abort();
  }
  if (run.model == "babble") {
    std::cerr << "half a letter: \xC3" << std::endl;
    std::abort();
  }
  if (run.model == "exit") std::_Exit(7);
  if (run.model == "hang") std::this_thread::sleep_for(std::chrono::hours(1));
  if (run.model == "devour") {
    try {
      const std::vector<char> memory(size_t{1} << 36, 1);
      result.seconds = memory[memory.size() / 2];  // so that it is not left out
    } catch (const std::bad_alloc&) {
      result.outcome = Outcome::failed;
      result.reason = "out of memory";
    }
  }
  return result;
}

}  // namespace

int main() {
  serve_parent(3, [](const Order& order, const auto& active, const auto& finished) {
    for (size_t i = 0; i < order.runs.size(); ++i) {
      active(i);
      finished(i, misbehave(order.runs[i]));
    }
  });
}
