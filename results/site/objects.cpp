#include "results/site/objects.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bitsweep {
namespace {

nlohmann::json value_of(const SQLite::Column& cell) {
  if (cell.isNull()) return nullptr;
  if (cell.isInteger()) return cell.getInt64();
  if (cell.isFloat()) return cell.getDouble();
  return cell.getString();
}

void add_text(std::string& text, std::string_view words) {
  const bool plain = std::all_of(words.begin(), words.end(),
                                 [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
  if (plain)
    text.append("\"").append(words).append("\"");
  else
    text += dumped(std::string(words));
}

void add_value(std::string& text, const SQLite::Column& cell) {
  if (cell.isInteger())
    text += fmt::format_int(cell.getInt64()).str();
  else if (cell.isText())
    add_text(text, {cell.getText(), static_cast<size_t>(cell.getBytes())});
  else if (cell.isFloat() && std::isfinite(cell.getDouble()))
    fmt::format_to(std::back_inserter(text), "{}", cell.getDouble());
  else
    text += "null";
}

}  // namespace

std::string dumped(const nlohmann::json& data) {
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string table_text(Statements& statements, const std::string& statement, int64_t value) {
  SQLite::Statement& found = statements.prepare(statement);
  found.bind(1, value);
  std::string text = "{\"columns\":[";
  for (int i = 0; i < found.getColumnCount(); ++i) {
    if (i > 0) text += ',';
    add_text(text, found.getColumnName(i));
  }
  text += "],\"rows\":[";
  for (bool first = true; found.executeStep(); first = false) {
    text += first ? "[" : ",[";
    for (int i = 0; i < found.getColumnCount(); ++i) {
      if (i > 0) text += ',';
      add_value(text, found.getColumn(i));
    }
    text += ']';
  }
  found.reset();
  return text += "]}";
}

nlohmann::json objects(Statements& statements, const std::string& statement, int64_t value) {
  SQLite::Statement& rows = statements.prepare(statement);
  if (rows.getBindParameterCount() > 0) rows.bind(1, value);
  nlohmann::json list = nlohmann::json::array();
  while (rows.executeStep()) {
    nlohmann::json& object = list.emplace_back(nlohmann::json::object());
    for (int i = 0; i < rows.getColumnCount(); ++i)
      object[rows.getColumnName(i)] = value_of(rows.getColumn(i));
  }
  rows.reset();
  return list;
}

}  // namespace bitsweep
