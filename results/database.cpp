#include "results/database.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "results/schema.h"

namespace bitsweep {
namespace {

namespace fs = std::filesystem;

/// How long a command waits for another one that is writing.
constexpr int busy_timeout_ms = 30'000;

/// One thread uses a connection at a time, so SQLite needs no locks of its own.
const int connection_flags = SQLite::OPEN_URI | SQLITE_OPEN_NOMUTEX;

/// 64 MiB (SQLite's unit is a negative KiB): inner pages of a file of a million results stay in memory.
constexpr const char* larger_cache = "pragma cache_size = -65536";

/// access(2) asks for the real user, but the effective one opens files.
bool may(const std::string& path, int mode) {
  return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

Error fault(const std::string& path, const std::string& what, const std::string& remedy) {
  return Error(fmt::format("{}: {}; {}", path, what, remedy), ExitCode::database);
}

/// What can be seen before SQLite, which would say "unable to open database file" to all of these, is asked.
void check_path(const std::string& path, Access access) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw fault(path, "this is a folder",
                "give the file, e.g. " + (fs::path(path) / "bitsweep.sqlite").string());
  if (!fs::is_directory(folder_of(path), ignored))
    throw fault(path, fmt::format("the folder '{}' does not exist", folder_of(path).string()),
                "make it, or give another file with --db");
  const bool exists = fs::exists(path, ignored);
  if (!exists && access == Access::read_only)
    throw fault(path, "there is no such database",
                "`bitsweep run` makes it; --db or BITSWEEP_DB name another one");
  if (exists && access == Access::read_write && !may(path, W_OK))
    throw fault(path, "the file may not be written",
                "change its permissions, or give another file with --db");
  if (exists && !may(path, R_OK))
    throw fault(path, "the file may not be read", "change its permissions, or give another file with --db");
}

/// The URI of a file, whatever characters its name has.
std::string as_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : fs::absolute(path).string()) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("/._-").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

/// Reading a file in WAL mode makes two files beside it. In a folder where this user may make none, the file
/// is read as if nobody wrote to it, which is so when no log lies beside it.
std::unique_ptr<SQLite::Database> open_for_reading(const std::string& path) {
  std::error_code ignored;
  const bool may_make_files = may(folder_of(path), W_OK);
  const bool log_exists = fs::exists(path + "-wal", ignored);
  const std::string uri = as_uri(path) + (may_make_files || log_exists ? "" : "?immutable=1");
  auto sqlite =
      std::make_unique<SQLite::Database>(uri, SQLite::OPEN_READONLY | connection_flags, busy_timeout_ms);
  sqlite->exec(larger_cache);
  return sqlite;
}

std::unique_ptr<SQLite::Database> open_for_writing(const std::string& path) {
  auto sqlite = std::make_unique<SQLite::Database>(
      as_uri(path), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | connection_flags, busy_timeout_ms);
  check_is_ours(*sqlite, path);  // before anything is written to a file that is not
  sqlite->exec(on_network_file_system(path) ? "pragma journal_mode = delete" : "pragma journal_mode = wal");
  sqlite->exec("pragma synchronous = full");         // a stored result survives a power cut
  sqlite->exec("pragma wal_autocheckpoint = 4000");  // pages, 16 MiB: some 300 results
  sqlite->exec(larger_cache);
  sqlite->exec("pragma foreign_keys = on");
  migrate(*sqlite, path);
  return sqlite;
}

}  // namespace

Database::Database(const std::string& path, Access access) : path_(path) {
  check_path(path, access);
  try {
    if (access == Access::read_only) {
      sqlite_ = open_for_reading(path);
      check_is_ours(*sqlite_, path);
      if (schema_version(*sqlite_) == latest_schema_version()) return;
      open_for_writing(path);  // brings the file forward
      sqlite_ = open_for_reading(path);
    } else {
      sqlite_ = open_for_writing(path);
    }
  } catch (const SQLite::Exception& exception) {
    throw explained(exception, path);
  }
}

Error Database::explained(const SQLite::Exception& exception, const std::string& path) {
  switch (exception.getErrorCode()) {
    case SQLITE_NOTADB:
      return fault(path, "the file is not an SQLite database", "give another file with --db");
    case SQLITE_CORRUPT:
      return fault(path, "the database is damaged",
                   fmt::format("restore a copy, or save what is left with `sqlite3 '{}' .recover`", path));
    case SQLITE_READONLY:
      return fault(path, "the database cannot be written",
                   "change the permissions of the file and its folder, or give another file with --db");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fault(path, "the file cannot be opened",
                   "look at the permissions of the file and its folder, or give another file with --db");
    case SQLITE_FULL:
      return fault(path, "the disk is full",
                   "make room and start the same command again: what was stored stays");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fault(path, "locked: another process has been writing for a long time",
                   "wait for it to end, or give another file with --db");
    case SQLITE_IOERR:
      return fault(path, fmt::format("reading or writing failed ({})", exception.what()),
                   "look at the disk; a network file system without locks cannot hold a database");
    default:
      return fault(path, exception.what(), "this is a mistake in bitsweep; please report it");
  }
}

bool on_network_file_system(const std::string& path) {
  // f_type of statfs(2), from linux/magic.h and the sources of those that lie outside the kernel. FUSE may be
  // anything (sshfs, GlusterFS, ...) and is taken for the worst.
  constexpr std::array<uint32_t, 13> magic = {
      0x00006969,  // NFS
      0x0000517b,  // SMB
      0xff534d42,  // CIFS
      0xfe534d42,  // SMB 2
      0x01021997,  // 9P
      0x5346414f,  // AFS
      0x65735546,  // FUSE
      0x00c36400,  // Ceph
      0x0bd00bd0,  // Lustre
      0x47504653,  // GPFS
      0x19830326,  // BeeGFS
      0x20030528,  // OrangeFS
      0xaad7aaea,  // PanFS
  };
  std::error_code ignored;
  const std::string existing = fs::exists(path, ignored) ? path : folder_of(path).string();
  struct statfs facts {};
  if (statfs(existing.c_str(), &facts) != 0) return true;
  return std::find(magic.begin(), magic.end(), static_cast<uint32_t>(facts.f_type)) != magic.end();
}

}  // namespace bitsweep
