// The rounds behind a result's median, from its raw samples.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// result → the medians of its rounds in ns, see group_medians; results without samples are left out. One SQL
/// statement, and one result's samples in memory at a time.
std::map<int64_t, std::vector<double>> read_round_medians(SQLite::Database& sqlite,
                                                          const std::vector<int64_t>& results);

}  // namespace bitsweep
