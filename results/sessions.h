// Which sessions a command means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// "latest": the latest of each experiment; "all"; or the number of one. Throws Error if there is none such.
std::vector<int64_t> selected_sessions(SQLite::Database& sqlite, const std::string& selector);

}  // namespace bitsweep
