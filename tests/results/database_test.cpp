#include "results/database.h"

#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "results/store.h"
#include "tests/catch.h"
#include "tests/results/examples.h"

using namespace bitsweep;
namespace fs = std::filesystem;

namespace {

/// For root, who may write everything: acts as the user nobody, to whom the folder is given.
class PlainUser {
 public:
  explicit PlainUser(const fs::path& folder) : was_root_(geteuid() == 0) {
    if (!was_root_) return;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) give(entry.path());
    give(folder);
    if (seteuid(nobody) != 0) throw std::runtime_error("the user cannot be changed");
  }
  ~PlainUser() {
    if (was_root_ && seteuid(0) != 0) std::abort();
  }

 private:
  static constexpr uid_t nobody = 65534;
  static void give(const fs::path& path) {
    if (chown(path.c_str(), nobody, nobody) != 0) throw std::runtime_error("the owner cannot be changed");
  }
  bool was_root_;
};

/// The message of the Error that opening ends with; its exit code is checked.
std::string refusal(const std::string& path, Access access) {
  try {
    const Database database(path, access);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::database);
    CHECK_THAT(error.what(), ContainsSubstring(path));
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("database: a missing file or folder is told with its remedy") {
  const examples::TemporaryFolder folder;
  CHECK_THAT(refusal(folder.file("none.sqlite"), Access::read_only),
             ContainsSubstring("there is no such database; `bitsweep run` makes it"));
  CHECK_THAT(refusal(folder.file("none/a.sqlite"), Access::read_write),
             ContainsSubstring("none' does not exist; make it"));
  CHECK_THAT(refusal(folder.file(""), Access::read_write), ContainsSubstring("this is a folder"));
}

TEST_CASE("database: a file that is no database is refused and left alone") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("notes.txt");
  const std::string text(5000, 'x');
  std::ofstream(path) << text;
  for (const Access access : {Access::read_only, Access::read_write})
    CHECK_THAT(refusal(path, access), ContainsSubstring("not an SQLite database"));
  std::ifstream file(path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

TEST_CASE("database: a damaged file is told as such") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Database(path, Access::read_write);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file << std::string(400, '\xff');
  file.close();
  CHECK_THAT(refusal(path, Access::read_only), ContainsSubstring("damaged; restore a copy"));
}

TEST_CASE("database: a file that may not be written can be read, from a folder that may not be written too") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a 100%?#.sqlite");
  Store(path, Access::read_write).begin_session(examples::experiment(), 1);
  const PlainUser user(folder.path());
  chmod(path.c_str(), 0444);
  chmod(folder.path().c_str(), 0555);
  CHECK_THAT(refusal(path, Access::read_write),
             ContainsSubstring("may not be written; change its permissions"));
  CHECK(Store(path, Access::read_only).latest_session("resnet-precision").id == 1);
  chmod(path.c_str(), 0);
  CHECK_THAT(refusal(path, Access::read_only), ContainsSubstring("may not be read"));
  chmod(folder.path().c_str(), 0755);
}

TEST_CASE("database: a full disk is told, and what was stored stays") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const Database database(path, Access::read_write);
  const auto fill = [](SQLite::Database& sqlite) {
    sqlite.exec("insert into sessions (experiment) values ('small')");
    sqlite.exec("pragma max_page_count = 1");
    sqlite.exec("insert into sessions (experiment) values (hex(zeroblob(100000)))");
  };
  CHECK_THROWS_WITH(database.use(fill), ContainsSubstring(path + ": the disk is full; make room"));
  CHECK(Store(path, Access::read_write).latest_session("small").id == 0);  // no execution, but no error
}

TEST_CASE("database: a lock that is not given up is told") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  const Database writer(path, Access::read_write);
  const Database waiting(path, Access::read_write);
  writer.use([](SQLite::Database& sqlite) { sqlite.exec("begin immediate"); });
  const auto write = [](SQLite::Database& sqlite) {
    sqlite.setBusyTimeout(20);
    sqlite.exec("insert into sessions (experiment) values ('x')");
  };
  CHECK_THROWS_WITH(waiting.use(write), ContainsSubstring(path + ": locked"));
}

TEST_CASE("database: what is stored survives a power cut, by its settings") {
  const examples::TemporaryFolder folder;
  const std::string path = folder.file("a.sqlite");
  Database(path, Access::read_write).use([&](SQLite::Database& sqlite) {
    CHECK(sqlite.execAndGet("pragma synchronous").getInt() == 2);  // full
    CHECK(sqlite.execAndGet("pragma foreign_keys").getInt() == 1);
    CHECK(sqlite.execAndGet("pragma journal_mode").getString() ==
          (on_network_file_system(path) ? "delete" : "wal"));
  });
}
