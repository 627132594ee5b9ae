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
#include "results/saved_queries.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  Question question;
  std::string save;
  std::string deletion;
  bool list = false;
};

/// Rows as asked for. A person who asks for a table wants no heading without rows; a program wants its format
/// in any case.
void print(const Rows& rows, const Format& format) {
  if (!rows.cells.empty() || format.name != formats().front().name) fmt::print("{}", format.render(rows));
}

/// What was typed, or the saved query whose name comes first, completed by it.
Question question_of(const Options& options) {
  Question typed = options.question;
  std::vector<std::string>& filters = typed.query.filters;
  if (filters.empty() || !filters.front().starts_with('@')) return typed;
  const std::string name = filters.front().substr(1);
  filters.erase(filters.begin());
  return completed(saved_query(options.database, name), typed);
}

ExitCode show(const Options& options) {
  const Question question = question_of(options);
  const Format& format =
      pick(formats(), "format", question.format.empty() ? formats().front().name : question.format);
  if (!options.deletion.empty()) {
    delete_query(options.database, options.deletion);
    return ExitCode::fine;
  }
  if (options.list) {
    print(list_queries(options.database), format);
    return ExitCode::fine;
  }
  const bool sql = !question.sql.empty();
  const Rows rows =
      sql ? read_only_sql(options.database, question.sql) : read_results(options.database, question.query);
  if (!options.save.empty()) save_query(options.database, options.save, question);
  if (rows.cells.empty())
    fmt::print(stderr, "bitsweep: {}: {}\n", options.database,
               sql ? "no row" : why_empty(options.database, question.query));
  print(rows, format);
  return ExitCode::fine;
}

CLI::Option* add_list(CLI::App& verb, const char* name, std::vector<std::string>& list, const char* meaning) {
  return verb.add_option(name, list, meaning)->delimiter(',')->allow_extra_args(false);
}

const CLI::Validator not_empty(
    [](const std::string& text) { return text.empty() ? "there is no statement" : ""; }, "");

}  // namespace

Action define_query(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  Query& query = options->question.query;
  add_database_option(verb, options->database);
  auto* filters = verb.add_option("filter", query.filters,
                                  "Conditions that must all hold, e.g. precision=int8,bf16 'batch>=16' "
                                  "'latency_p50<2ms' 'outcome!=ok' 'model~res*'; @NAME first: a saved query");
  auto* columns =
      add_list(verb, "--columns", query.columns, "Run fields, metrics, id, outcome, speedup, host, ...");
  auto* groups =
      add_list(verb, "--group-by", query.group_by,
               "One row for equal values of these; columns are then count, median(COLUMN), p90(...), "
               "geomean(...), best(...), min(...), max(...)");
  auto* relative =
      add_list(verb, "--relative-to", query.relative_to,
               "FIELD=VALUE[,...]: NAME_ratio of each metric to that of the run with these fields");
  auto* order = verb.add_option("--sort", query.order, "COLUMN, or COLUMN:desc for the largest first");
  auto* limit = verb.add_option("--limit", query.limit, "At most so many rows")->check(CLI::PositiveNumber);
  auto* session = verb.add_option("--session", query.session, session_selectors);
  auto* since =
      verb.add_option("--since", query.since, "Results begun since: 12h or 30d ago, 2026-11-25, ...");
  auto* until = verb.add_option("--until", query.until, "Results begun until then, that day included");
  verb.add_option("--format", options->question.format,
                  fmt::format("One of {}", fmt::join(names_of(formats()), ", ")));
  auto* sql = verb.add_option("--sql", options->question.sql,
                              "One SELECT over the tables and views, in place of the rest; it can only read")
                  ->check(not_empty);
  for (auto* other : {filters, columns, groups, relative, order, limit, session, since, until})
    sql->excludes(other);
  auto* save = verb.add_option("--save", options->save, "Keep this query in the database by this name");
  auto* list = verb.add_flag("--saved", options->list, "List the saved queries");
  auto* deletion = verb.add_option("--delete", options->deletion, "Delete the saved query of this name");
  save->excludes(list)->excludes(deletion);
  list->excludes(deletion);
  return [options] { return show(*options); };
}

}  // namespace bitsweep
