#include "results/site/newest_result.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run.h"
#include "results/site/objects.h"

namespace bitsweep {
namespace {

using nlohmann::json;

/// The samples of a result, in the order taken; of a long list every n-th.
std::string samples(Statements& statements, int64_t result) {
  constexpr size_t most = 1000;  // a chart has no more dots than that to show
  const json found = objects(statements, "select samples_ns from sample_lists where result = ?1", result);
  const json all = found.empty() ? json::array() : json::parse(found[0]["samples_ns"].get<std::string>());
  const size_t every = (all.size() + most - 1) / most;
  json shown = json::array();
  for (size_t i = 0; i < all.size(); i += every) shown.push_back(all[i]);
  return dumped({{"count", all.size()}, {"every", every}, {"ns", shown}});
}

std::string selection() {
  std::string fields;
  for (const std::string& field : field_names()) fields += fmt::format("runs.{}, ", field);
  return fmt::format(
      "select {}runs.id, runs.canonical, results.session, sessions.experiment, outcome, reason, "
      "results.started, "
      "seconds, machine, software, (select speedup from speedups where result = results.id) as speedup, "
      "(select spec_path from executions where session = results.session order by id desc limit 1) as "
      "spec_path "
      "from results join runs on runs.id = results.run join sessions on sessions.id = results.session "
      "where results.id = ?1",
      fields);
}

}  // namespace

NewestResult newest_result(Statements& statements, int64_t row) {
  static const std::string selected = selection();
  NewestResult result;
  result.facts = objects(statements, selected, row).at(0);
  if (result.facts["speedup"].is_number()) result.metrics["speedup"] = result.facts["speedup"];
  for (const json& metric : objects(statements, "select name, value from metrics where result = ?1", row))
    if (metric.at("value").is_number()) result.metrics[metric.at("name")] = metric.at("value");
  const auto table = [&](const char* statement) { return table_text(statements, statement, row); };
  result.text = fmt::format(
      "{{\"facts\":{},\"metrics\":{},\"layers\":{},\"notes\":{},\"explanation\":{},\"evidence\":{},"
      "\"samples\":{}}}",
      dumped(result.facts),
      table("select name, value, unit, direction from metrics where result = ?1 order by name"),
      table("select name, kind, implementation, data_types, isa, layouts, time_ns, macs, bytes, bound_ns, "
            "memory_bound from layers where result = ?1 order by position"),
      table("select note from notes where result = ?1 order by position"),
      table("select sentence from explanations where result = ?1 order by position"),
      table("select name, value from evidence where result = ?1 order by name"), samples(statements, row));
  return result;
}

}  // namespace bitsweep
