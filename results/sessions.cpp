#include "results/sessions.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/error.h"

namespace bitsweep {
namespace {

std::vector<int64_t> ids(SQLite::Database& sqlite, const std::string& statement) {
  SQLite::Statement found(sqlite, statement);
  std::vector<int64_t> list;
  while (found.executeStep()) list.push_back(found.getColumn(0).getInt64());
  return list;
}

}  // namespace

std::vector<int64_t> selected_sessions(SQLite::Database& sqlite, const std::string& selector) {
  // By time, for `bitsweep merge` adds old sessions to a file; the largest text decides which id is given.
  if (selector == "latest")
    return ids(
        sqlite,
        "select id from (select id, max(started || printf('%020d', id)) from sessions group by experiment) "
        "order by id");
  std::vector<int64_t> all = ids(sqlite, "select id from sessions order by id");
  if (selector == "all") return all;
  for (const int64_t session : all)
    if (std::to_string(session) == selector) return {session};
  throw Error(fmt::format("there is no session '{}'; right is latest, all, or {}", selector,
                          all.empty() ? "nothing else yet, as the database is empty"
                                      : fmt::format("a number from {} to {}", all.front(), all.back())));
}

}  // namespace bitsweep
