// Trends as the histories that a night is judged by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "results/night.h"
#include "results/site/curve.h"
#include "results/site/memory.h"

namespace bitsweep {

/// A session, and its place among all of them in the order of their beginning.
struct SessionFact {
  std::string experiment, started;
  size_t place = 0;
  bool confirms = false;  ///< measures suspects of another one again: no part of any history
};
using SessionFacts = std::map<int64_t, SessionFact>;
SessionFacts read_session_facts(SQLite::Database& sqlite);

/// (run id, metric) → the place of the latest session from which on it was accepted as it is, by what holds
/// today.
using Accepted = std::map<std::pair<std::string, std::string>, size_t>;
///   today  UTC, ISO 8601
Accepted read_accepted(SQLite::Database& sqlite, const SessionFacts& sessions, const std::string& today);

/// Takes the histories that read_histories() would find of this series in the experiment of a session, up to
/// that session, as far as they have a value in it. Their results are not known.
void take_histories(const Curve& curve, const SeriesSummary& summary, const SessionFacts& sessions,
                    int64_t session, const Accepted& accepted, const KeptHistories::Take& take);

}  // namespace bitsweep
