// Rows become a result again.
#pragma once

#include <cstdint>
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>

#include "harness/result.h"
#include "results/statements.h"

namespace bitsweep {

/// All that is stored of the result of this row. Throws Error, naming the run, where a stored text does not
/// fit its field.
Result read_result(SQLite::Database& sqlite, int64_t row);

/// Reads of many results outcome, machine, software, layers and evidence: what ran and how it ended, without
/// the run, its numbers and its words. Statements, machines and software are kept.
class CircumstancesReader {
 public:
  explicit CircumstancesReader(SQLite::Database& sqlite) : statements_(sqlite) {}
  Result read(int64_t row);

 private:
  const Machine& machine(int64_t id);
  const Software& software(int64_t id);

  Statements statements_;
  std::map<int64_t, Machine> machines_;
  std::map<int64_t, Software> software_;
};

}  // namespace bitsweep
