// bitsweep list: the names that experiments and queries may use.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/backends.h"
#include "harness/cli/verbs.h"
#include "harness/compression/pruning.h"
#include "harness/compression/quantization.h"
#include "harness/datasets/datasets.h"
#include "harness/models/models.h"
#include "harness/table.h"
#include "harness/vocabulary.h"
#include "results/render.h"

namespace bitsweep {
namespace {

template <class Table>
Rows names_and_meanings(const Table& table) {
  Rows rows;
  rows.headings = {{"name", ""}, {"meaning", ""}};
  for (const auto& entry : table) rows.cells.push_back({entry.name, entry.meaning});
  return rows;
}

Rows fields() {
  Rows rows;
  rows.headings = {{"name", ""}, {"default", ""}, {"meaning", ""}};
  const Run defaults;
  for_each_field(defaults, [&](const char* name, const auto& value, const char* meaning) {
    rows.cells.push_back({std::string(name), to_text(value), std::string(meaning)});
  });
  return rows;
}

struct List {
  std::string name;
  Rows (*rows)();
};

const std::vector<List>& lists() {
  static const std::vector<List> table = {
      {"models", [] { return names_and_meanings(models()); }},
      {"backends", [] { return names_and_meanings(backends()); }},
      {"precisions", [] { return names_and_meanings(precisions()); }},
      {"pruning", [] { return names_and_meanings(pruning_methods()); }},
      {"datasets", [] { return names_and_meanings(datasets()); }},
      {"calibrations", [] { return names_and_meanings(calibration_methods()); }},
      {"allowances", [] { return names_and_meanings(allowances()); }},
      {"metrics", [] { return names_and_meanings(gate_metrics()); }},
      {"fields", fields},
  };
  return table;
}

struct Options {
  std::string list;
  std::string format;
};

ExitCode show(const Options& options) {
  const Format& format = pick(formats(), "format", options.format);
  fmt::print("{}", format.render(pick(lists(), "list", options.list).rows()));
  return ExitCode::fine;
}

}  // namespace

Action define_list(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("what", options->list, fmt::format("One of {}", fmt::join(names_of(lists()), ", ")))
      ->required();
  options->format = formats().front().name;
  verb.add_option("--format", options->format, fmt::format("One of {}", fmt::join(names_of(formats()), ", ")))
      ->capture_default_str();
  return [options] { return show(*options); };
}

}  // namespace bitsweep
