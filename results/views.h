// What a person in the sqlite3 shell selects from. Made anew after each migration, so that the fields of a
// run need not be listed twice.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

namespace bitsweep {

/// Makes the views:
///   speedups  (result, speedup): latency_p50 of the unpruned fp32 run that is otherwise the same, in the
///   same
///             session and on the same class of machine, over that of the result
///   samples   (result, position, ns): one row a sample
///   overview  one row a result: session, run fields, outcome, main metrics, machine
void create_views(SQLite::Database& sqlite);
void drop_views(SQLite::Database& sqlite);

}  // namespace bitsweep
