// Opening the SQLite file of the record, and telling plainly when that fails.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/error.h"
#include "results/access.h"

namespace bitsweep {

/// An open database of the schema this program knows. A file of an older schema is brought forward first.
class Database {
 public:
  /// Throws Error with ExitCode::database that names the file, the fault and the remedy. read_write makes a
  /// file that is missing.
  Database(const std::string& path, Access access);

  const std::string& path() const { return path_; }

  /// Calls work(SQLite::Database&); what SQLite refuses becomes an Error as in the constructor.
  template <class Work>
  decltype(auto) use(Work&& work) const {
    try {
      return std::forward<Work>(work)(*sqlite_);
    } catch (const SQLite::Exception& exception) {
      throw explained(exception, path_);
    }
  }

 private:
  /// The fault of a database file in words, with its remedy.
  static Error explained(const SQLite::Exception& exception, const std::string& path);

  std::string path_;
  std::unique_ptr<SQLite::Database> sqlite_;
};

/// Whether `path` (or its folder, if it does not exist yet) lies on a file system that several hosts mount,
/// where SQLite's write-ahead log must not be used: its index is shared memory, which one host does not share
/// with another.
bool on_network_file_system(const std::string& path);

}  // namespace bitsweep
