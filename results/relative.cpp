#include "results/relative.h"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/compression/quantization.h"
#include "harness/run.h"
#include "harness/table.h"

namespace bitsweep {
namespace {

/// field → value as text, both checked.
std::map<std::string, std::string> parse_baseline(const std::vector<std::string>& fields) {
  std::map<std::string, std::string> values;
  Run run;
  for (const std::string& text : fields) {
    const size_t equals = text.find('=');
    if (equals == text.npos || equals == 0)
      throw Error(
          fmt::format("--relative-to {}: '{}' names no baseline; right is FIELD=VALUE[,FIELD=VALUE...], "
                      "such as precision=fp32",
                      fmt::join(fields, ","), text));
    const std::string name = text.substr(0, equals);
    set_field(run, name, text.substr(equals + 1));
    values[name] = field(run, name);
  }
  return values;
}

}  // namespace

std::string baseline_join(const std::vector<std::string>& fields, Select& select) {
  std::map<std::string, std::string> values = parse_baseline(fields);
  const auto precision = values.find("precision");
  const bool without_calibration = precision != values.end() &&
                                   precision->second != to_text(Precision::int8) &&
                                   values.count("calibration") == 0;
  for (auto& [name, value] : values) value = select.bind(value);
  // The id of a run is a hash of its fields, so the baseline is found by its id, in the unique index.
  const auto baseline = [&](const std::string& calibration) {
    std::vector<std::string> arguments;
    for (const std::string& name : field_names()) {
      const auto found = values.find(name);
      arguments.push_back(found != values.end()                           ? found->second
                          : name == "calibration" && !calibration.empty() ? calibration
                                                                          : "runs." + name);
    }
    return fmt::format(
        "(select other.id from results as other where other.session = results.session and other.run = "
        "run_id({}))",
        fmt::join(arguments, ", "));
  };
  std::vector<std::string> candidates = {baseline("")};
  if (without_calibration)
    for (const std::string& method : names_of(calibration_methods()))
      candidates.push_back(baseline(select.bind(method)));
  return fmt::format(
      " left join results as baseline on baseline.id = coalesce({}, null) and baseline.outcome = 'ok' "
      "and (select class from machines where machines.id = baseline.machine) = machines.class",
      fmt::join(candidates, ", "));
}

std::string ratio_name(const std::string& metric) {
  return metric + "_ratio";
}

std::vector<Column> ratio_columns(const std::vector<Column>& known) {
  std::vector<Column> ratios;
  for (const Column& column : known) {
    if (!column.expression.empty() || column.unit == "dB" || column.unit == "x") continue;
    Column ratio = column;
    ratio.name = ratio_name(column.name);
    ratio.unit = "x";
    ratio.metric = column.name;
    ratios.push_back(std::move(ratio));
  }
  return ratios;
}

}  // namespace bitsweep
