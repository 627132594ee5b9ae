// Reading a result back as what it was when it was stored.
#pragma once

#include <cstdint>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/result.h"

namespace bitsweep {

/// The row `id` of the results: outcome, machine, software, layers and evidence; its run, metrics, samples
/// and words stay empty, as queries serve these. Throws std::out_of_range if there is no such row.
Result read_kept_result(SQLite::Database& sqlite, int64_t id);

}  // namespace bitsweep
