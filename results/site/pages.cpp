#include "results/site/pages.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <xxhash.h>

#include "harness/run.h"
#include "harness/table.h"
#include "results/night_formats.h"
#include "results/page.h"
#include "results/site/curve.h"
#include "results/site/objects.h"

namespace bitsweep {
namespace {

using nlohmann::json;
using SeriesRows = std::vector<const SeriesSummary*>;

/// The data as the text of a script element: without "<" no tag or comment can begin in it.
std::string as_script_text(const json& data) {
  const std::string text = dumped(data);
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) c == '<' ? escaped += "\\u003c" : escaped += c;
  return escaped;
}

SeriesRows rows_of(const SiteMemory& memory) {
  SeriesRows rows;
  for (const auto& [key, summary] : memory.series) rows.push_back(&summary);
  return rows;
}

const std::string& model_of(const SeriesSummary& summary) {
  return summary.fields.front();
}

/// The fields that name a run among these: model, precision, and of the others those without which two of
/// them would have one name.
json shown_fields(const SeriesRows& rows) {
  std::set<size_t> shown;
  for (size_t i = 0; i < field_names().size(); ++i) shown.insert(i);
  const auto count = [&](const std::set<size_t>& fields) {
    std::set<std::string> names;
    for (const SeriesSummary* row : rows) {
      std::string name;
      for (const size_t field : fields) name += row->fields[field] + '\n';
      names.insert(std::move(name));
    }
    return names.size();
  };
  const size_t all = count(shown);
  for (size_t i = field_names().size(); i-- > 0;) {
    if (field_names()[i] == "model" || field_names()[i] == "precision") continue;
    std::set<size_t> fewer = shown;
    fewer.erase(i);
    if (count(fewer) == all) shown = std::move(fewer);
  }
  json names = json::array();
  for (const size_t field : shown) names.push_back(field_names()[field]);
  return names;
}

/// A column of texts that often repeat: [the distinct ones, a number of these a row].
template <class Text>
json repeated(const SeriesRows& rows, const Text& text) {
  std::map<std::string, size_t> numbers;
  json distinct = json::array(), column = json::array();
  for (const SeriesSummary* row : rows) {
    const auto [found, is_new] = numbers.try_emplace(text(*row), numbers.size());
    if (is_new) distinct.push_back(found->first);
    column.push_back(found->second);
  }
  return {distinct, column};
}

template <class Value>
json column_of(const SeriesRows& rows, const Value& value) {
  json column = json::array();
  for (const SeriesSummary* row : rows) column.push_back(value(*row));
  return column;
}

/// SeriesRows column by column, which is a third of the size of rows with names.
json table_of(const SeriesRows& rows) {
  json fields = json::object(), metrics = json::object();
  for (size_t i = 0; i < field_names().size(); ++i)
    fields[field_names()[i]] = repeated(rows, [i](const SeriesSummary& row) { return row.fields[i]; });
  std::set<std::string> names;
  for (const SeriesSummary* row : rows)
    for (const auto& [name, value] : row->metrics) names.insert(name);
  for (const std::string& name : names)
    metrics[name] = column_of(rows, [&](const SeriesSummary& row) -> json {
      const auto found = row.metrics.find(name);
      return found == row.metrics.end() ? json() : json(found->second);
    });
  return {{"fields", fields},
          {"metrics", metrics},
          {"key", column_of(rows, [](const SeriesSummary& row) { return row.key; })},
          {"outcome", repeated(rows, [](const SeriesSummary& row) { return row.outcome; })},
          {"machine_class", repeated(rows, [](const SeriesSummary& row) { return row.machine_class; })},
          {"session", column_of(rows, [](const SeriesSummary& row) { return row.session; })}};
}

/// What only the table of a model shows.
json long_table_of(const SeriesRows& rows) {
  json table = table_of(rows);
  table["run_id"] = column_of(rows, [](const SeriesSummary& row) { return row.run_id; });
  table["reason"] = repeated(rows, [](const SeriesSummary& row) { return row.reason; });
  table["results"] = column_of(rows, [](const SeriesSummary& row) { return row.results; });
  table["recent"] = column_of(rows, [](const SeriesSummary& row) { return row.recent; });
  table["change"] = column_of(rows, [](const SeriesSummary& row) -> json {
    if (row.change_session == 0) return nullptr;
    return {row.change_session, row.change_before, row.change_after};
  });
  return table;
}

/// Adds what a page needs to name the run and to link to it.
void add_place(const SiteMemory& memory, const std::string& key, json& entry) {
  const auto found = memory.series.find(key);
  if (found == memory.series.end()) return;
  entry["key"] = key;
  entry["fields"] = found->second.fields;
  entry["page"] = model_page(model_of(found->second));
}

/// Silent changes with the runs that changed in the same way put together.
json silent_groups(const Night& night) {
  std::map<std::vector<std::string>, json> groups;
  for (const SilentChange& change : night.silent) {
    json& runs = groups[change.what];
    if (runs.is_null()) runs = json::array();
    runs.push_back(change.run);
  }
  json list = json::array();
  for (const auto& [what, runs] : groups) list.push_back({{"what", what}, {"runs", runs}});
  std::stable_sort(list.begin(), list.end(), [](const json& one, const json& other) {
    return one["runs"].size() > other["runs"].size();
  });
  return list;
}

/// The latest night first.
json nights_data(const SiteMemory& memory) {
  json list = json::array();
  for (const auto& [experiment, night] : memory.nights) list.push_back(night.data);
  std::stable_sort(list.begin(), list.end(),
                   [](const json& one, const json& other) { return one["started"] > other["started"]; });
  return list;
}

/// What the latest nights say of series: key → "regressed", "no longer ok" or "improved".
json verdicts_data(const SiteMemory& memory) {
  const auto is_refuted = [](const json& entry) { return entry["measured_again"] == "refuted"; };
  json verdicts = json::object();
  for (const auto& [experiment, night] : memory.nights) {
    for (const json& finding : night.data["findings"])
      if (finding.contains("key") && finding["worth_attention"].get<bool>() && !is_refuted(finding))
        verdicts[finding["key"].get<std::string>()] = finding["judgement"];
    for (const json& change : night.data["outcomes"])
      if (change.contains("key") && change["regressed"].get<bool>() && !is_refuted(change))
        verdicts[change["key"].get<std::string>()] = "no longer ok";
  }
  return verdicts;
}

json told_data(const SiteMemory& memory, bool open_only) {
  json list = json::array();
  for (auto told = memory.told.rbegin(); told != memory.told.rend(); ++told) {
    if (open_only && !told->ended.empty()) continue;
    json& entry = list.emplace_back(*told);
    add_place(memory, told->key, entry);
  }
  return list;
}

/// The latest sessions, with the number of runs of each outcome.
json sessions_data(Statements& statements) {
  json sessions =
      objects(statements,
              "select sessions.id, experiment, sessions.started, planned, host, user, bitsweep, spec_path "
              "from sessions left join executions on executions.id = "
              "(select max(id) from executions where session = sessions.id) "
              "order by sessions.started desc, sessions.id desc limit 12");
  for (json& session : sessions)
    session["outcomes"] = objects(
        statements,
        "select outcome, count(*) as runs from results where session = ?1 group by outcome order by 1",
        session["id"]);
  return sessions;
}

}  // namespace

std::string page_text(const std::string& name, const json& data) {
  // What is put in is not searched again.
  const auto filled = [](std::string_view frame, const auto& text_of) {
    std::string text;
    for (size_t open = frame.find("{{"); open != frame.npos; open = frame.find("{{")) {
      const size_t close = frame.find("}}", open);
      text += frame.substr(0, open);
      text += text_of(frame.substr(open + 2, close - open - 2));
      frame.remove_prefix(close + 2);
    }
    return text.append(frame);
  };
  return filled(page::text("frame.html"), [&](std::string_view place) -> std::string {
    if (place == "data") return as_script_text(data);
    if (place == "main") return std::string(page::text(name + ".html"));
    return name;
  });
}

std::string model_page(const std::string& model) {
  std::string words;
  for (const char c : model.substr(0, 40))
    words += std::isalnum(static_cast<unsigned char>(c)) != 0 ? static_cast<char>(std::tolower(c)) : '-';
  return fmt::format("model-{}-{:08x}.html", words, XXH3_64bits(model.data(), model.size()) & 0xffffffff);
}

json frame_data(const SiteMemory& memory) {
  std::map<std::string, json> models;
  for (const auto& [key, summary] : memory.series) {
    json& model = models[model_of(summary)];
    if (model.is_null())
      model = {{"name", model_of(summary)}, {"page", model_page(model_of(summary))}, {"series", 0}};
    model["series"] = model["series"].get<int64_t>() + 1;
  }
  json list = json::array();
  for (const auto& [name, model] : models) list.push_back(model);
  return {{"fields", field_names()}, {"shown", shown_fields(rows_of(memory))}, {"models", list}};
}

json night_data(const SiteMemory& memory, const Night& night) {
  // As `regressions --format json` tells it, with places.
  json data = json::parse(pick(night_formats(), "format", "json").render(night));
  data["headline"] = headline(night);
  for (size_t i = 0; i < night.findings.size(); ++i)
    add_place(memory, series_key(night.findings[i].run_id, night.findings[i].machine_class),
              data["findings"][i]);
  for (size_t i = 0; i < night.outcomes.size(); ++i)
    add_place(memory, series_key(night.outcomes[i].run_id, night.outcomes[i].machine_class),
              data["outcomes"][i]);
  data["silent"] = silent_groups(night);
  return data;
}

json overview_data(Statements& statements, const SiteMemory& memory) {
  json data = frame_data(memory);
  data["nights"] = nights_data(memory);
  data["open"] = told_data(memory, true);
  data["sessions"] = sessions_data(statements);
  data["table"] = table_of(rows_of(memory));
  return data;
}

json regressions_data(const SiteMemory& memory) {
  json data = frame_data(memory);
  data["nights"] = nights_data(memory);
  data["told"] = told_data(memory, false);
  return data;
}

std::map<std::string, json> models_data(const SiteMemory& memory) {
  const json verdicts = verdicts_data(memory);
  const json frame = frame_data(memory);
  std::map<std::string, SeriesRows> rows;
  for (const auto& [key, summary] : memory.series) rows[model_of(summary)].push_back(&summary);
  std::map<std::string, json> pages;
  for (const auto& [model, some] : rows) {
    json& data = pages[model] = frame;
    data["model"] = model;
    data["shown"] = shown_fields(some);
    data["table"] = long_table_of(some);
    data["verdicts"] = json::object();
    for (const SeriesSummary* row : some)
      if (verdicts.contains(row->key)) data["verdicts"][row->key] = verdicts[row->key];
  }
  return pages;
}

json machines_data(Statements& statements, const SiteMemory& memory) {
  // Where it was first and last seen: the ends of an index.
  const auto seen = [](const std::string& column, const std::string& table) {
    return fmt::format(
        "(select session from results where {0} = {1}.id order by results.id limit 1) as first, "
        "(select session from results where {0} = {1}.id order by results.id desc limit 1) as last",
        column, table);
  };
  json data = frame_data(memory);
  data["machines"] = objects(
      statements, fmt::format("select id, {} from machines order by id desc", seen("machine", "machines")));
  data["software"] = objects(
      statements, fmt::format("select id, {} from software order by id desc", seen("software", "software")));
  return data;
}

std::string circumstances_script(Statements& statements) {
  const json data = {
      {"sessions", objects(statements, "select id, experiment, started from sessions order by id")},
      {"machines", objects(statements,
                           "select id, class, host, cpu, isa, physical_cores, logical_cores, core_set, "
                           "memory_bytes, gpus, kernel, governor from machines order by id")},
      {"software", objects(statements, "select id, bitsweep, build, libraries from software order by id")}};
  return fmt::format("bitsweep.circumstances({});\n", dumped(data));
}

}  // namespace bitsweep
