// Databases that older versions wrote, and short questions to any.
#pragma once

#include <filesystem>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tests/places.h"
#include "tests/results/examples.h"

namespace bitsweep::examples {

/// The last version of which a file is kept.
inline int latest_kept_version() {
  return 2;
}

/// A fresh copy of the file of this schema version.
inline std::string kept_file(const TemporaryFolder& folder, int version) {
  const std::string name = "version_" + std::to_string(version) + ".sqlite", copy = folder.file(name);
  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(copy + ending);
  std::filesystem::copy_file(source_dir() + "/tests/approved/databases/" + name, copy);
  return copy;
}

/// The first cell of a statement, from a file that is left as it is.
inline std::string text(const std::string& path, const std::string& statement) {
  SQLite::Database sqlite(path, SQLite::OPEN_READWRITE);
  return sqlite.execAndGet(statement).getString();
}
inline int64_t number(const std::string& path, const std::string& statement) {
  return std::stoll(text(path, statement));
}

}  // namespace bitsweep::examples
