// bitsweep plan: what an experiment would run. Starts nothing.
#include "harness/plan.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "backends/backends.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/render.h"

namespace bitsweep {
namespace {

struct Options {
  std::string file;
  std::string format;
};

/// For each field, in order, whether the runs differ in it.
std::vector<bool> varying_fields(const std::vector<Block>& blocks) {
  const std::vector<std::string> first = field_texts(blocks.front().runs.front());
  std::vector<bool> varying(first.size(), false);
  for (const Block& block : blocks)
    for (const Run& run : block.runs) {
      const std::vector<std::string> texts = field_texts(run);
      for (size_t i = 0; i < texts.size(); ++i) varying[i] = varying[i] || texts[i] != first[i];
    }
  return varying;
}

/// One row a run: id, block and the fields that are `shown`.
Rows rows_of(const std::vector<Block>& blocks, const std::vector<bool>& shown) {
  Rows rows;
  rows.headings = {{"id", ""}, {"block", ""}};
  for (size_t i = 0; i < shown.size(); ++i)
    if (shown[i]) rows.headings.push_back({field_names()[i], ""});
  for (size_t block = 0; block < blocks.size(); ++block)
    for (const Run& run : blocks[block].runs) {
      std::vector<Cell>& cells = rows.cells.emplace_back();
      cells.emplace_back(run_id(run));
      cells.emplace_back(static_cast<int64_t>(block + 1));
      const std::vector<std::string> texts = field_texts(run);
      for (size_t i = 0; i < shown.size(); ++i)
        if (shown[i]) cells.emplace_back(texts[i]);
    }
  return rows;
}

std::string counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What the table leaves out: the counts, and the fields that all runs share.
std::string summary(const std::vector<Block>& blocks, const std::vector<bool>& varying) {
  const std::vector<std::string> texts = field_texts(blocks.front().runs.front());
  std::vector<std::string> shared;
  for (size_t i = 0; i < varying.size(); ++i)
    if (!varying[i]) shared.push_back(fmt::format("{}={}", field_names()[i], texts[i]));
  return fmt::format("\n{} in {}; in all: {}\n", counted(run_count(blocks), "run"),
                     counted(blocks.size(), "block"), fmt::join(shared, " "));
}

ExitCode show(const Options& options) {
  const Format& format = pick(formats(), "format", options.format);
  const std::vector<Block> blocks = expand(read_experiment(options.file, {names_of(backends())}));
  if (blocks.empty())
    throw Error(fmt::format("{}: the plan is empty; right is to exclude less", options.file),
                ExitCode::nothing_run);
  // A person wants to see what differs, a program everything.
  const bool for_people = options.format == "table";
  const std::vector<bool> varying = varying_fields(blocks);
  const std::vector<bool> shown = for_people ? varying : std::vector<bool>(varying.size(), true);
  fmt::print("{}", format.render(rows_of(blocks, shown)));
  if (for_people) fmt::print("{}", summary(blocks, varying));
  return ExitCode::fine;
}

}  // namespace

Action define_plan(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("file", options->file, "The experiment, see experiments/README.md")->required();
  options->format = formats().front().name;
  verb.add_option("--format", options->format, fmt::format("One of {}", fmt::join(names_of(formats()), ", ")))
      ->capture_default_str();
  return [options] { return show(*options); };
}

}  // namespace bitsweep
