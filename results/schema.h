// The tables, and how a file of an older version is brought forward.
#pragma once

#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// The version this program reads and writes.
int latest_schema_version();

/// PRAGMA user_version: the number of migrations the file has been through.
int schema_version(const SQLite::Database& sqlite);

/// Throws Error if the file was made by another program or by a newer bitsweep. `path` is for the message.
void check_is_ours(SQLite::Database& sqlite, const std::string& path);

/// Brings an empty or older file to the latest version, a transaction a version. Several processes may do so
/// at once.
void migrate(SQLite::Database& sqlite, const std::string& path);

/// The same, but only to `version`: for tests of old files.
void migrate(SQLite::Database& sqlite, const std::string& path, int version);

}  // namespace bitsweep
