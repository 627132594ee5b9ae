// What a worker is told to do: one block and how to treat it. Travels as JSON from rank 0 to a worker and on
// to its child.
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/experiment.h"
#include "harness/run.h"

namespace bitsweep {

struct Order {
  std::vector<Run> runs;  ///< of one block
  Measure measure;
  Limits limits;
};

void to_json(nlohmann::json& json, const Order& order);
void from_json(const nlohmann::json& json, Order& order);

}  // namespace bitsweep
