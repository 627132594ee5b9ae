// Rows become a result again.
#pragma once

#include <cstdint>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/result.h"

namespace bitsweep {

/// All that is stored of the result of this row. Throws Error, naming the run, where a stored text does not
/// fit its field.
Result read_result(SQLite::Database& sqlite, int64_t row);

/// Of that outcome, machine, software, layers and evidence: what ran and how it ended, without its run, its
/// numbers and its words.
Result read_circumstances(SQLite::Database& sqlite, int64_t row);

}  // namespace bitsweep
