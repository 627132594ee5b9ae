#include "harness/result.h"

#include <algorithm>
#include <array>

#include "build_facts.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/table.h"

namespace bitsweep {
namespace {

template <class Value>
struct Word {
  Value value;
  std::string name;
};

const std::vector<Word<Outcome>> outcomes = {
    {Outcome::ok, "ok"},         {Outcome::unsupported, "unsupported"}, {Outcome::inaccurate, "inaccurate"},
    {Outcome::failed, "failed"}, {Outcome::timeout, "timeout"},         {Outcome::lost, "lost"}};

const std::vector<Word<Direction>> directions = {{Direction::lower_is_better, "lower"},
                                                 {Direction::higher_is_better, "higher"},
                                                 {Direction::neutral, "neutral"}};

template <class Value>
std::string word(const std::vector<Word<Value>>& words, Value value) {
  for (const auto& entry : words)
    if (entry.value == value) return entry.name;
  throw std::logic_error("a value is missing in its table");
}

}  // namespace

std::string to_text(Outcome outcome) {
  return word(outcomes, outcome);
}
std::string to_text(Direction direction) {
  return word(directions, direction);
}
void parse_value(std::string_view text, Outcome& outcome) {
  outcome = pick(outcomes, "outcome", text).value;
}
void parse_value(std::string_view text, Direction& direction) {
  direction = pick(directions, "direction", text).value;
}

const Metric* find_metric(const Result& result, std::string_view name) {
  const auto found = std::find_if(result.metrics.begin(), result.metrics.end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  return found == result.metrics.end() ? nullptr : &*found;
}

void add_metric(Result& result, const std::string& name, double value, const char* unit,
                Direction direction) {
  result.metrics.push_back({name, value, unit, direction});
}

Software this_software() {
  return {BITSWEEP_VERSION, BITSWEEP_BUILD, {}};
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Library, name, version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Software, bitsweep, build, libraries)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerRecord, name, kind, implementation, data_types, isa, layouts, time_ns,
                                   macs, bytes, bound_ns, memory_bound)

void to_json(nlohmann::json& json, const Metric& metric) {
  json = {{"name", metric.name},
          {"value", metric.value},
          {"unit", metric.unit},
          {"direction", to_text(metric.direction)}};
}

void from_json(const nlohmann::json& json, Metric& metric) {
  json.at("name").get_to(metric.name);
  json.at("value").get_to(metric.value);
  json.at("unit").get_to(metric.unit);
  parse_value(json.at("direction").get<std::string>(), metric.direction);
}

void to_json(nlohmann::json& json, const Run& run) {
  json = nlohmann::json::object();
  for_each_field(run, [&](const char* name, const auto& value, const char*) { json[name] = to_text(value); });
}

void from_json(const nlohmann::json& json, Run& run) {
  for (const auto& [name, value] : json.items()) set_field(run, name, value.get<std::string>());
}

void to_json(nlohmann::json& json, const Result& result) {
  std::string right;  // a vector of bool would become five letters each
  for (const bool one : result.right) right += one ? '1' : '0';
  json = {{"run", result.run},
          {"outcome", to_text(result.outcome)},
          {"reason", result.reason},
          {"metrics", result.metrics},
          {"right", right},
          {"samples_ns", result.samples_ns},
          {"layers", result.layers},
          {"notes", result.notes},
          {"evidence", result.evidence},
          {"explanation", result.explanation},
          {"machine", result.machine},
          {"software", result.software},
          {"started", result.started},
          {"seconds", result.seconds}};
}

void from_json(const nlohmann::json& json, Result& result) {
  json.at("run").get_to(result.run);
  parse_value(json.at("outcome").get<std::string>(), result.outcome);
  json.at("reason").get_to(result.reason);
  json.at("metrics").get_to(result.metrics);
  json.at("samples_ns").get_to(result.samples_ns);
  for (const char one : json.at("right").get<std::string>()) result.right.push_back(one == '1');
  json.at("layers").get_to(result.layers);
  json.at("notes").get_to(result.notes);
  json.at("explanation").get_to(result.explanation);
  json.at("evidence").get_to(result.evidence);
  json.at("machine").get_to(result.machine);
  json.at("software").get_to(result.software);
  json.at("started").get_to(result.started);
  json.at("seconds").get_to(result.seconds);
}

}  // namespace bitsweep
