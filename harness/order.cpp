#include "harness/order.h"

#include <nlohmann/json.hpp>

#include "harness/result.h"

namespace bitsweep {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Measure, warmup, min_samples, max_time_s, target_ci, interleave, allow)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Limits, timeout_s, memory_bytes, retries)

void to_json(nlohmann::json& json, const Order& order) {
  json = {{"runs", order.runs}, {"measure", order.measure}, {"limits", order.limits}};
}

void from_json(const nlohmann::json& json, Order& order) {
  json.at("runs").get_to(order.runs);
  json.at("measure").get_to(order.measure);
  json.at("limits").get_to(order.limits);
}

}  // namespace bitsweep
