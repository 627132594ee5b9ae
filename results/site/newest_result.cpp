#include "results/site/newest_result.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/run.h"
#include "results/site/objects.h"

namespace bitsweep {
namespace {

using nlohmann::json;

/// The samples of a result, in the order taken; of a long list every n-th.
json samples(Statements& statements, int64_t result) {
  constexpr size_t most = 1000;  // a chart has no more dots than that to show
  const json found = objects(statements, "select samples_ns from sample_lists where result = ?1", result);
  const json all = found.empty() ? json::array() : json::parse(found[0]["samples_ns"].get<std::string>());
  const size_t every = (all.size() + most - 1) / most;
  json shown = json::array();
  for (size_t i = 0; i < all.size(); i += every) shown.push_back(all[i]);
  return {{"count", all.size()}, {"every", every}, {"ns", shown}};
}

std::string selection() {
  std::string fields;
  for (const std::string& field : field_names()) fields += fmt::format("runs.{}, ", field);
  return fmt::format(
      "select {}runs.id, runs.canonical, results.session, sessions.experiment, outcome, reason, results.started, "
      "seconds, machine, software, (select speedup from speedups where result = results.id) as speedup, "
      "(select spec_path from executions where session = results.session order by id desc limit 1) as spec_path "
      "from results join runs on runs.id = results.run join sessions on sessions.id = results.session "
      "where results.id = ?1",
      fields);
}

}  // namespace

json newest_result(Statements& statements, int64_t row) {
  static const std::string selected = selection();
  json result = objects(statements, selected, row).at(0);
  const auto children = [&](const char* statement) { return objects(statements, statement, row); };
  result["metrics"] = children("select name, value, unit, direction from metrics where result = ?1 order by name");
  result["layers"] = children(
      "select name, kind, implementation, data_types, isa, layouts, time_ns, macs, bytes, bound_ns, "
      "memory_bound from layers where result = ?1 order by position");
  result["notes"] = children("select note from notes where result = ?1 order by position");
  result["explanation"] = children("select sentence from explanations where result = ?1 order by position");
  result["evidence"] = children("select name, value from evidence where result = ?1 order by name");
  result["samples"] = samples(statements, row);
  return result;
}

}  // namespace bitsweep
