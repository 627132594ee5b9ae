#include "results/sessions.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "harness/error.h"
#include "harness/table.h"
#include "results/select.h"

namespace bitsweep {
namespace {

/// Ids, of a statement that returns them.
std::vector<int64_t> ids(SQLite::Database& sqlite, const Select& select) {
  std::vector<int64_t> list;
  for (const std::vector<Cell>& row : read_rows(sqlite, select).cells)
    list.push_back(std::get<int64_t>(row.front()));
  return list;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::vector<std::string> experiments(SQLite::Database& sqlite) {
  std::vector<std::string> names;
  for (const std::vector<Cell>& row :
       read_rows(sqlite, {"select distinct experiment from sessions order by 1", {}}).cells)
    names.push_back(std::get<std::string>(row.front()));
  return names;
}

/// `selector` split into what stands before and after `mark`, if both are there.
std::optional<std::pair<std::string, std::string>> split(const std::string& selector, std::string_view mark) {
  const size_t at = selector.rfind(mark);
  if (at == selector.npos || at == 0 || at + mark.size() == selector.size()) return std::nullopt;
  return std::pair(selector.substr(0, at), selector.substr(at + mark.size()));
}

/// The session that lies `back` before the latest of each experiment, or of one.
std::vector<int64_t> before_latest(SQLite::Database& sqlite, const std::string& experiment, int64_t back) {
  if (experiment == "latest")
    return ids(sqlite,
               {fmt::format(
                    "select id from (select id, started, row_number() over (partition by experiment "
                    "order by started desc, id desc) as place from sessions where confirms = '') as sessions "
                    "where place = ?1 order by {}",
                    session_order),
                {back + 1}});
  return ids(
      sqlite,
      {"select id from sessions where experiment = ?1 order by started desc, id desc limit 1 offset ?2",
       {experiment, back}});
}

/// What is known, to follow "there is no ...".
std::string known_sessions(SQLite::Database& sqlite) {
  const std::vector<int64_t> ends = ids(sqlite, {"select min(id) from sessions having count(*) > 0 "
                                                 "union all select max(id) from sessions having count(*) > 0",
                                                 {}});
  if (ends.empty()) return "right is nothing yet, as the database is empty";
  return fmt::format("right is latest, all, a number from {} to {}, an experiment ({}), NAME~N, or A..B",
                     ends.front(), ends.back(), fmt::format("{}", fmt::join(experiments(sqlite), ", ")));
}

Error no_session(SQLite::Database& sqlite, const std::string& selector) {
  const std::vector<std::string> known = experiments(sqlite);
  const std::string near = nearest(selector.substr(0, selector.rfind('~')), known);
  return Error(fmt::format("there is no session '{}'; {}{}", selector,
                           near.empty() ? "" : fmt::format("did you mean '{}'? ", near),
                           known_sessions(sqlite)));
}

/// All selectors but ranges.
std::vector<int64_t> named_sessions(SQLite::Database& sqlite, const std::string& selector) {
  std::vector<int64_t> found;
  if (const auto number = whole_number(selector))
    found = ids(sqlite, {"select id from sessions where id = ?1", {*number}});
  if (found.empty()) found = before_latest(sqlite, selector, 0);
  if (!found.empty() || selector == "latest") return found;
  if (const auto parts = split(selector, "~"))
    if (const auto back = whole_number(parts->second)) found = before_latest(sqlite, parts->first, *back);
  if (!found.empty()) return found;
  throw no_session(sqlite, selector);
}

/// The experiment that a selector names; empty if it is a number.
std::string experiment_of(SQLite::Database& sqlite, const std::string& selector, int64_t session) {
  if (whole_number(selector)) return "";
  const Select select{"select experiment from sessions where id = ?1", {session}};
  return std::get<std::string>(read_rows(sqlite, select).cells.at(0).at(0));
}

std::vector<int64_t> range(SQLite::Database& sqlite, const std::string& from, const std::string& to) {
  std::string experiment;
  std::vector<int64_t> ends;
  for (const std::string& end : {from, to}) {
    const std::vector<int64_t> found = named_sessions(sqlite, end);
    if (found.size() != 1)
      throw Error(fmt::format("sessions {}..{}: '{}' are {} sessions; right is one session at each end", from,
                              to, end, found.size()));
    ends.push_back(found.front());
    const std::string named = experiment_of(sqlite, end, found.front());
    if (!named.empty() && !experiment.empty() && named != experiment)
      throw Error(fmt::format("sessions {}..{}: these are two experiments; right is one", from, to));
    if (!named.empty()) experiment = named;
  }
  const std::vector<int64_t> between = ids(
      sqlite, {fmt::format("select id from sessions where ({0}) between (select {0} from sessions where id = "
                           "?1) and (select {0} from sessions where id = ?2) and (?3 = '' or experiment = "
                           "?3) order by {0}",
                           session_order),
               {ends[0], ends[1], experiment}});
  if (between.empty())
    throw Error(fmt::format("sessions {}..{}: session {} began later than {}; right is the earlier one first",
                            from, to, ends[0], ends[1]));
  return between;
}

}  // namespace

std::vector<int64_t> selected_sessions(SQLite::Database& sqlite, const std::string& selector) {
  if (selector == "all")
    return ids(sqlite, {fmt::format("select id from sessions order by {}", session_order), {}});
  if (const auto ends = split(selector, "..")) return range(sqlite, ends->first, ends->second);
  return named_sessions(sqlite, selector);
}

}  // namespace bitsweep
