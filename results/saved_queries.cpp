#include "results/saved_queries.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/table.h"
#include "results/database.h"
#include "results/select.h"

namespace bitsweep {
namespace {

using nlohmann::json;

/// Calls visit(key, member) for each part of a question: the keys of its JSON.
template <class QuestionOrConst, class Visit>
void for_each_part(QuestionOrConst& question, Visit&& visit) {
  visit("filters", question.query.filters);
  visit("columns", question.query.columns);
  visit("group_by", question.query.group_by);
  visit("relative_to", question.query.relative_to);
  visit("sort", question.query.order);
  visit("limit", question.query.limit);
  visit("session", question.query.session);
  visit("since", question.query.since);
  visit("until", question.query.until);
  visit("sql", question.sql);
  visit("format", question.format);
}

/// Only what was asked for.
json to_json(const Question& question) {
  json parts = json::object();
  for_each_part(question, [&](const char* key, const auto& value) {
    if (value != std::decay_t<decltype(value)>()) parts[key] = value;
  });
  return parts;
}

/// What a newer bitsweep asks for beyond what is known here is an error, not left out.
Question from_json(const std::string& name, const json& parts) {
  Question question;
  std::vector<std::string> known;
  for_each_part(question, [&](const char* key, auto& value) {
    known.emplace_back(key);
    if (parts.contains(key)) parts.at(key).get_to(value);
  });
  for (const auto& part : parts.items())
    if (std::find(known.begin(), known.end(), part.key()) == known.end())
      throw Error(fmt::format("saved query '{}': {}", name, unknown_name("part", part.key(), known)));
  return question;
}

std::vector<std::string> names(SQLite::Database& sqlite) {
  std::vector<std::string> list;
  for (const auto& row : read_rows(sqlite, {"select name from saved_queries order by name", {}}).cells)
    list.push_back(std::get<std::string>(row[0]));
  return list;
}

Error unknown(SQLite::Database& sqlite, const std::string& name) {
  const std::vector<std::string> known = names(sqlite);
  if (known.empty())
    return Error(fmt::format("no query is saved as '{}'; `bitsweep query --save` does", name));
  return Error(unknown_name("saved query", name, known));
}

void check_name(const std::string& name) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_.").find(c) != std::string::npos;
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), fits))
    throw Error(fmt::format("'{}' cannot name a query; right are letters, digits, - _ and .", name));
}

}  // namespace

void save_query(const std::string& database, const std::string& name, const Question& question) {
  check_name(name);
  Database(database, Access::read_write).use([&](SQLite::Database& sqlite) {
    SQLite::Statement insertion(sqlite, "insert or ignore into saved_queries (name, query) values (?, ?)");
    insertion.bind(1, name);
    insertion.bind(2, to_json(question).dump());
    if (insertion.exec() == 0)
      throw Error(fmt::format("a query is saved as '{}' already; right is another name, or --delete {} first",
                              name, name));
  });
}

Question saved_query(const std::string& database, const std::string& name) {
  return Database(database, Access::read_only).use([&](SQLite::Database& sqlite) {
    const Rows found = read_rows(sqlite, {"select query from saved_queries where name = ?1", {name}});
    if (found.cells.empty()) throw unknown(sqlite, name);
    return from_json(name, json::parse(std::get<std::string>(found.cells[0][0])));
  });
}

void delete_query(const std::string& database, const std::string& name) {
  saved_query(database, name);  // opening for writing would make a file that is missing
  Database(database, Access::read_write).use([&](SQLite::Database& sqlite) {
    SQLite::Statement deletion(sqlite, "delete from saved_queries where name = ?");
    deletion.bind(1, name);
    deletion.exec();
  });
}

Rows list_queries(const std::string& database) {
  return Database(database, Access::read_only).use([](SQLite::Database& sqlite) {
    return read_rows(sqlite, {"select name, query, saved from saved_queries order by name", {}});
  });
}

Question completed(Question saved, const Question& typed) {
  std::vector<std::string> filters = saved.query.filters;
  filters.insert(filters.end(), typed.query.filters.begin(), typed.query.filters.end());
  json parts = to_json(saved);
  const json added = to_json(typed);
  if (parts.contains("sql") && added.size() > added.count("format"))
    throw Error("this saved query is SQL; right is to add nothing to it but --format");
  parts.update(added);
  parts["filters"] = filters;
  return from_json("", parts);
}

}  // namespace bitsweep
