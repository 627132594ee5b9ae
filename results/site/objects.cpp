#include "results/site/objects.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace bitsweep {
namespace {

nlohmann::json value_of(const SQLite::Column& cell) {
  if (cell.isNull()) return nullptr;
  if (cell.isInteger()) return cell.getInt64();
  if (cell.isFloat()) return cell.getDouble();
  return cell.getString();
}

}  // namespace

nlohmann::json objects(Statements& statements, const std::string& statement, int64_t value) {
  SQLite::Statement& rows = statements.prepare(statement);
  if (rows.getBindParameterCount() > 0) rows.bind(1, value);
  nlohmann::json list = nlohmann::json::array();
  while (rows.executeStep()) {
    nlohmann::json& object = list.emplace_back(nlohmann::json::object());
    for (int i = 0; i < rows.getColumnCount(); ++i) object[rows.getColumnName(i)] = value_of(rows.getColumn(i));
  }
  rows.reset();
  return list;
}

}  // namespace bitsweep
