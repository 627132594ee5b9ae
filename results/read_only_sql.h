// SQL typed by a user, who may read everything and change nothing.
#pragma once

#include <string>

#include "results/rows.h"

namespace bitsweep {

/// The rows of one SELECT. Nothing can be written by construction: the file is opened for reading, and SQLite
/// asks an authorizer about every action of the statement, which allows reading tables and calling functions.
/// Throws Error with ExitCode::usage, if the statement is refused or wrong.
Rows read_only_sql(const std::string& database, const std::string& statement);

}  // namespace bitsweep
