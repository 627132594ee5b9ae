// bitsweep trend: the history of series, and where their level changed.
#include "results/trend.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/cli/database_option.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/table.h"
#include "results/render.h"
#include "results/sessions.h"

namespace bitsweep {
namespace {

struct Options {
  std::string database;
  Query query;
  std::vector<std::string> metrics;
  bool compatible = false;
  size_t newest = 30;
  std::string format;
};

ExitCode show(const Options& options) {
  const Format& format = pick(formats(), "format", options.format);
  const std::vector<Trend> trends = read_trends(options.database, options.query, options.metrics,
                                                options.compatible ? Method::otava : Method::own);
  if (trends.empty())
    fmt::print(stderr, "bitsweep: {}: {}\n", options.database, why_empty(options.database, options.query));
  const bool markdown = format.name == "md";
  print_page(format.for_people ? trend_page(trends, format.render, markdown, options.newest)
                               : format.render(trend_rows(trends)),
             format.for_people && !markdown);
  return ExitCode::fine;
}

}  // namespace

Action define_trend(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  Query& query = options->query;
  verb.add_option("filter", query.filters, "Conditions that must all hold, as of `bitsweep query`");
  add_database_option(verb, options->database);
  verb.add_option("--metric", options->metrics, "Else latency_p50, or throughput without it, and top1")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_option("--session", query.session, fmt::format("Else all: {}", session_selectors));
  verb.add_option("--since", query.since, "Results begun since: 12h or 30d ago, 2026-11-25, ...");
  verb.add_option("--until", query.until, "Results begun until then, that day included");
  verb.add_flag("--compatible", options->compatible,
                "Change points as Apache Otava finds them with its usual options");
  verb.add_option("--last", options->newest,
                  "So many sessions of each series are shown in tables; 0: all. All are looked at")
      ->capture_default_str();
  options->format = formats().front().name;
  verb.add_option("--format", options->format, fmt::format("One of {}", fmt::join(names_of(formats()), ", ")))
      ->capture_default_str();
  return [options] { return show(*options); };
}

}  // namespace bitsweep
