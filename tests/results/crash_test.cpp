// What a process that is killed leaves.
#include <csignal>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "results/database.h"
#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;

namespace {

Run numbered_run(int64_t number) {
  return examples::run("mlp", Precision::fp32, number);
}

/// Adds results without end and tells the number of each once add() has returned.
[[noreturn]] void add_for_ever(const std::string& path, int64_t session, int64_t first, int pipe) {
  Store store(path, Access::read_write);
  for (int64_t number = first;; ++number) {
    store.add(session, examples::ok(numbered_run(number), 1e6));
    if (write(pipe, &number, sizeof number) != sizeof number) _exit(1);
  }
}

/// Lets a child add results, kills it after `life_us`, and returns the numbers it told.
std::set<int64_t> add_and_kill(const std::string& path, int64_t session, int64_t first, unsigned life_us) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) add_for_ever(path, session, first, ends[1]);
  close(ends[1]);
  usleep(life_us);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::set<int64_t> told;
  for (int64_t number = 0; read(ends[0], &number, sizeof number) == sizeof number;) told.insert(number);
  close(ends[0]);
  return told;
}

}  // namespace

TEST_CASE("store: whenever the process is killed, every acknowledged result is there, once and whole") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const int64_t session = Store(path, Access::read_write).begin_session(examples::experiment(), 1);
  std::set<int64_t> told;
  for (unsigned round = 0; round < 12; ++round) {
    const int64_t next = told.empty() ? 1 : *told.rbegin() + 1;  // the unacknowledged one is added again
    told.merge(add_and_kill(path, session, next, 10'000 + round * 7'001));
  }
  REQUIRE(told.size() > 12);

  Store store(path, Access::read_write);
  const std::set<std::string> finished = store.finished(session);
  for (const int64_t number : told) CHECK(finished.count(run_id(numbered_run(number))) == 1);
  Database(path, Access::read_only).use([&](SQLite::Database& sqlite) {
    const auto count = [&](const char* what) {
      return sqlite.execAndGet(std::string("select count(*) from ") + what).getInt64();
    };
    CHECK(sqlite.execAndGet("pragma integrity_check").getString() == "ok");
    CHECK(count("results") == static_cast<int64_t>(finished.size()));
    CHECK(count("results") - static_cast<int64_t>(told.size()) <= 1);
    CHECK(count("layers") == 2 * count("results"));
    CHECK(count("sample_lists") == count("results"));
  });
}
