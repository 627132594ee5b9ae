// Which run a user means by the beginning of an id.
#pragma once

#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// The id of the only run with results whose id begins so. Throws Error if there is none, or if there are
/// several, with their ids.
std::string find_run(SQLite::Database& sqlite, const std::string& beginning);

}  // namespace bitsweep
