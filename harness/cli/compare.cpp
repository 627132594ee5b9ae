// bitsweep compare: two sessions, commits, machines or versions of a library beside each other.
#include "results/compare.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/judging.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/comparison_rows.h"
#include "results/render.h"
#include "results/sides.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  std::string a;
  std::string b;
  std::vector<std::string> filters;
  std::vector<std::string> groups;
  bool all = false;
  std::string format;
};

/// What the table does not say, on standard error: a program reads the table.
void tell(const Sides& sides, const std::vector<Comparison>& comparisons) {
  for (const std::string& note : sides.notes) fmt::print(stderr, "{}\n", note);
  fmt::print(stderr, "{} runs compared, {} only in A, {} only in B: {}\n", sides.pairs.size(), sides.only_a,
             sides.only_b, count_verdicts(comparisons));
  for (const char* metric : {"latency_p50", "throughput"})
    if (const auto mean = geometric_mean(comparisons, metric))
      fmt::print(stderr, "{}: B / A is {:.3f} in the geometric mean\n", metric, *mean);
}

ExitCode compare_sides(const Options& options) {
  const Format& format = pick(formats(), "format", options.format);
  const Sides sides = read_sides(options.database, options.a, options.b, options.filters, read_gate);
  if (sides.pairs.empty())
    throw Error(
        fmt::format("{}: {} and {} have no run in common ({} only in A, {} only in B); `bitsweep query "
                    "--session all` shows what there is",
                    options.database, options.a, options.b, sides.only_a, sides.only_b),
        ExitCode::nothing_run);
  const std::vector<Comparison> comparisons = compare(sides.pairs);
  const Rows rows = options.groups.empty()
                        ? comparison_rows(sides.pairs, comparisons, options.all, format.for_people)
                        : group_rows(sides.pairs, comparisons, options.groups);
  print_page(format.render(rows), &format == &formats().front());
  tell(sides, comparisons);
  const bool worse = std::any_of(comparisons.begin(), comparisons.end(),
                                 [](const Comparison& one) { return one.verdict == Verdict::regressed; });
  return worse ? ExitCode::regression : ExitCode::fine;
}

}  // namespace

Action define_compare(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("a", options->a, fmt::format("What it was: {}", side_selectors))->required();
  verb.add_option("b", options->b, "What it is now, likewise")->required();
  verb.add_option("filter", options->filters, "Conditions on the runs, as of `bitsweep query`");
  add_database_option(verb, options->database);
  verb.add_option("--group-by", options->groups, "Geometric means over runs that are equal in these fields")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_flag("--all", options->all, "Show what is steady too, not only latency and what is not");
  options->format = formats().front().name;
  verb.add_option("--format", options->format, fmt::format("One of {}", fmt::join(names_of(formats()), ", ")))
      ->capture_default_str();
  return [options] { return compare_sides(*options); };
}

}  // namespace bitsweep
