// bitsweep query: results as a table.
#include "results/query.h"

#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/read_only_sql.h"
#include "results/render.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  Query query;
  std::string format;
  std::optional<std::string> sql;
};

ExitCode show(const Options& options) {
  const Format& format = pick(formats(), "format", options.format);
  const Rows rows = !options.sql ? read_results(options.database, options.query)
                                 : read_only_sql(options.database, *options.sql);
  if (rows.cells.empty())
    fmt::print(stderr, "bitsweep: {}: {}\n", options.database,
               !options.sql ? why_empty(options.database, options.query) : "no row");
  // A person who asks for a table wants no heading without rows; a program wants its format in any case.
  if (!rows.cells.empty() || options.format != "table") fmt::print("{}", format.render(rows));
  return ExitCode::fine;
}

}  // namespace

Action define_query(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  Query& query = options->query;
  add_database_option(verb, options->database);
  auto* filters = verb.add_option("filter", query.filters,
                                  "Conditions that must all hold, e.g. precision=int8,bf16 'batch>=16' "
                                  "'latency_p50<2ms' 'outcome!=ok' 'model~res*'");
  auto* columns =
      verb.add_option("--columns", query.columns, "Run fields, metrics, id, outcome, speedup, host, ...")
          ->delimiter(',')
          ->allow_extra_args(false);
  auto* order = verb.add_option("--sort", query.order, "COLUMN, or COLUMN:desc for the largest first");
  auto* limit = verb.add_option("--limit", query.limit, "At most so many rows")->check(CLI::PositiveNumber);
  auto* session = verb.add_option("--session", query.session,
                                  "A number, latest (of each experiment; the default) or all");
  options->format = formats().front().name;
  verb.add_option("--format", options->format, fmt::format("One of {}", fmt::join(names_of(formats()), ", ")))
      ->capture_default_str();
  auto* sql =
      verb.add_option("--sql", options->sql, "One SELECT over the tables and views, in place of the rest");
  for (auto* other : {filters, columns, order, limit, session}) sql->excludes(other);
  return [options] { return show(*options); };
}

}  // namespace bitsweep
