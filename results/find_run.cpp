#include "results/find_run.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/error.h"

namespace bitsweep {

std::string find_run(SQLite::Database& sqlite, const std::string& beginning) {
  SQLite::Statement runs(sqlite,
                         "select distinct run from results where substr(run, 1, length(?1)) = ?1 limit 10");
  runs.bind(1, beginning);
  std::vector<std::string> ids;
  while (runs.executeStep()) ids.push_back(runs.getColumn(0).getString());
  if (ids.empty() || beginning.empty())
    throw Error(fmt::format(
        "no result has a run '{}'; right is an id that `bitsweep query --columns id` shows", beginning));
  if (ids.size() > 1)
    throw Error(
        fmt::format("several runs begin with '{}'; right is one of {}", beginning, fmt::join(ids, ", ")));
  return ids.front();
}

}  // namespace bitsweep
