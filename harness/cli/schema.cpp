// bitsweep schema: a JSON Schema of experiments, so that editors complete and check them. It is made from the
// tables that the reader uses; what no schema can say (values that repeat across sections, say) stays with
// it.
#include <cstdio>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "backends/backends.h"
#include "harness/cli/verbs.h"
#include "harness/compression/pruning.h"
#include "harness/experiment.h"
#include "harness/models/models.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

using Json = nlohmann::ordered_json;

Json object(Json properties, std::string_view meaning) {
  return {{"description", meaning},
          {"type", {"object", "null"}},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

Json list_of(Json items) {
  return {{"type", {"array", "null"}}, {"items", std::move(items)}};
}

Json one_or_more(const Json& value) {
  return {{"anyOf", {value, {{"type", "array"}, {"minItems", 1}, {"uniqueItems", true}, {"items", value}}}}};
}

// ---- The values of a field, by the type of its member in Run ----------------------------------------------

Json value_schema(const std::string& field, const std::string&, const Vocabulary& vocabulary) {
  if (field == "checkpoint") return {{"type", "string"}, {"pattern", "^(auto|seeded|.*\\.safetensors)$"}};
  const Json names = {{"enum", known_names(field, vocabulary)}};
  if (field != "model") return names;
  std::vector<std::string> configurable;
  for (const Model& model : models())
    if (!model.usual_argument.empty()) configurable.push_back(model.name);
  const std::string text = fmt::format("^({}):.+$", fmt::join(configurable, "|"));
  return {{"anyOf", {names, {{"type", "string"}, {"pattern", text}}}}};
}

Json value_schema(const std::string& field, const Precision&, const Vocabulary& vocabulary) {
  return {{"enum", known_names(field, vocabulary)}};
}

Json value_schema(const std::string& field, const Caches&, const Vocabulary& vocabulary) {
  return {{"enum", known_names(field, vocabulary)}};
}

Json value_schema(const std::string&, const int64_t&, const Vocabulary&) {
  return {{"type", "integer"}, {"minimum", 1}};
}

Json value_schema(const std::string&, const Threads&, const Vocabulary&) {
  return {
      {"anyOf", {{{"const", "physical"}}, {{"type", "integer"}, {"minimum", 1}, {"maximum", most_threads}}}}};
}

Json value_schema(const std::string&, const Pruning&, const Vocabulary&) {
  std::vector<std::string> methods = names_of(pruning_methods());
  std::erase(methods, "none");
  const Json ratio = {{"type", "number"}, {"minimum", 0}, {"exclusiveMaximum", 1}};
  const Json map = {{"type", "object"},
                    {"additionalProperties", false},
                    {"required", {"method", "ratio"}},
                    {"properties", {{"method", {{"enum", methods}}}, {"ratio", ratio}}}};
  const std::string text = fmt::format("^({}):0*\\.?[0-9]*$", fmt::join(methods, "|"));
  return {{"anyOf", {{{"const", "none"}}, {{"type", "string"}, {"pattern", text}}, map}}};
}

/// The fields of a run, each as `wrap` makes it from one value.
template <class Wrap>
Json field_properties(const Vocabulary& vocabulary, Wrap wrap) {
  Json properties = Json::object();
  const Run run;
  for_each_field(run, [&](const char* name, const auto& value, const char* meaning) {
    Json property = wrap(value_schema(name, value, vocabulary));
    property["description"] = fmt::format("{} (default {})", meaning, to_text(value));
    properties[name] = std::move(property);
  });
  return properties;
}

// ---- The sections -----------------------------------------------------------------------------------------

/// A count is a number in YAML, every other quantity a text with its unit.
Json quantity_schema(Unit unit, std::string_view meaning) {
  if (unit == Unit::count || unit == Unit::positive_count)
    return {{"description", meaning}, {"type", "integer"}, {"minimum", unit == Unit::count ? 0 : 1}};
  return {{"description", meaning}, {"type", "string"}, {"pattern", quantity_pattern(unit)}};
}

Json measure_schema() {
  Json properties = Json::object();
  const Measure measure;
  for_each_measure_key(measure, [&](const char* key, const auto&, Unit unit, const char* meaning) {
    properties[key] = quantity_schema(unit, meaning);
  });
  properties["interleave"] = {{"description", "runs that differ only in these fields form a block"},
                              {"type", "array"},
                              {"uniqueItems", true},
                              {"items", {{"enum", field_names()}}}};
  properties["allow"] = {{"description", "what fails a run unless it is allowed"},
                         {"type", "array"},
                         {"uniqueItems", true},
                         {"items", {{"enum", names_of(allowances())}}}};
  return object(properties, "how to measure");
}

Json limits_schema() {
  Json properties = Json::object();
  const Limits limits;
  for_each_limits_key(limits, [&](const char* key, const auto&, Unit unit, const char* meaning) {
    properties[key] = quantity_schema(unit, meaning);
  });
  return object(properties, "what a run may use");
}

Json gate_schema() {
  Json properties = Json::object();
  for (const GateMetric& metric : gate_metrics())
    properties[metric.name] = {
        {"description", metric.meaning},
        {"type", "string"},
        {"pattern", metric.share ? "^[0-9]+(\\.[0-9]+)?(%|pp)$" : "^[0-9]+(\\.[0-9]+)?%$"}};
  return object(properties, "changes that are worth attention");
}

Json experiment_schema(const Vocabulary& vocabulary) {
  const Json one = field_properties(vocabulary, [](const Json& value) { return value; });
  const Json some = field_properties(vocabulary, one_or_more);
  const Json lists = field_properties(vocabulary, [](const Json& value) {
    return Json{{"type", "array"}, {"minItems", 1}, {"items", value}};
  });
  const Json entry = object(some, "values of a field are alternatives");
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "bitsweep experiment"},
          {"type", "object"},
          {"additionalProperties", false},
          {"required", {"experiment"}},
          {"properties",
           {{"experiment",
             {{"description", "name"}, {"type", "string"}, {"pattern", "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}}},
            {"axes", object(some, "crossed, in the order written")},
            {"zip", list_of(object(lists, "lists of one length, which advance together"))},
            {"fixed", object(one, "the same for all runs")},
            {"exclude", list_of(entry)},
            {"include", list_of(entry)},
            {"measure", measure_schema()},
            {"limits", limits_schema()},
            {"gate", gate_schema()}}}};
}

}  // namespace

Action define_schema(CLI::App&) {
  return [] {
    fmt::print("{}\n", experiment_schema({names_of(backends())}).dump(2));
    return ExitCode::fine;
  };
}

}  // namespace bitsweep
