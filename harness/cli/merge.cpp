// bitsweep merge: several databases become one.
#include "results/merge.h"

#include <memory>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/verbs.h"

namespace bitsweep {
namespace {

struct Options {
  std::string into;
  std::vector<std::string> from;
};

ExitCode merge_all(const Options& options) {
  for (const std::string& from : options.from) {
    const Merged merged = merge(options.into, from);
    fmt::print("{}: {} sessions and {} results taken, {} results replaced, {} there already\n", from,
               merged.sessions_taken, merged.results_taken, merged.results_replaced, merged.results_known);
    if (merged.acceptances_taken + merged.queries_taken > 0)
      fmt::print("{}: {} accepted changes and {} saved queries taken\n", from, merged.acceptances_taken,
                 merged.queries_taken);
    if (!merged.queries_left.empty())
      fmt::print(stderr, "{}: not taken, as {} has other queries of these names: {}\n", from, options.into,
                 fmt::join(merged.queries_left, ", "));
  }
  return ExitCode::fine;
}

}  // namespace

Action define_merge(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("into", options->into, "The database that takes; made if it does not exist")->required();
  verb.add_option("from", options->from, "The databases that are read")->required();
  return [options] { return merge_all(*options); };
}

}  // namespace bitsweep
