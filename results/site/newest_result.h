// One result with all its evidence, as the site shows it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "results/statements.h"

namespace bitsweep {

struct NewestResult {
  nlohmann::json facts;                   ///< its run, fields of this, session, outcome, ..., each by name
  std::map<std::string, double> metrics;  ///< all that are finite, with the speed-up
  std::string text;  ///< JSON of all of it: with metrics, layers, notes, explanation, evidence, samples
};

/// The result of this row. Of a long list of samples some are in it, evenly chosen.
NewestResult newest_result(Statements& statements, int64_t row);

}  // namespace bitsweep
